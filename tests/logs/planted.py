"""What the tests give to the house and no log may show: read from their own sources, and told by them."""

import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent.parent

_SECRET = re.compile(
    r"(?:\b[A-Z_]*(?:ADMIN_KEY|PASSWORD|SECRET|TOKEN|API_KEY)\b|[\"'](?:\w*password|\w*secret|\w*token|api_?key)[\"'])"
    r"\s*[:=]\s*(?:\"([^\"\\\n{}]{8,})\"|'([^'\\\n{}]{8,})')"
)
_PERSON = re.compile(
    r"[\"'](?:name|nomeTitularUC|full_name|cpf_cnpj|numCPFCNPJ|phone|street|address|recipient)[\"']\s*:\s*"
    r"\"([A-ZÀ-Ú][a-zà-ú]+(?: (?:[a-zà-ú]{1,3} )?[A-ZÀ-Ú][a-zà-ú]+)+|[\d.\-/]{11,18})\""
)
_HARMLESS = frozenset({"Boa Vista"})
_told: set[str] = set()


def plant(*secrets: str) -> None:
    """Tell of a secret that was made by the test, so that its sources do not show it."""
    _told.update(secret for secret in secrets if len(secret) >= 8)


def planted() -> frozenset[str]:
    return _written() | _told


@cache
def _written() -> frozenset[str]:
    found: set[str] = set()
    for path in TESTS.rglob("*.py"):
        text = path.read_text()
        found.update(double or single for double, single in _SECRET.findall(text))
        found.update(_PERSON.findall(text))
    return frozenset(one for one in found if one not in _HARMLESS)
