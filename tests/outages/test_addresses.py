"""The list of addresses that may ask in the regulator's name."""

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import House
from tests.house import ADMIN_KEY, Served, eventually

PATH = "/quantitativointerrupcoesativas"
BLOCK = "200.198.220.128/25"
BARRED = (403, "Endereço IP não autorizado")


@pytest.fixture(scope="module")
def behind(house: House) -> Iterator[Served]:
    """A house whose proxy is listed, and the regulator's block."""
    with house(OUTAGES__ALLOWED_NETWORKS=BLOCK, HTTP__TRUSTED_PROXIES="127.0.0.1,10.9.0.0/16") as running:
        _unlimited(running)
        yield running


@pytest.fixture(scope="module")
def direct(house: House) -> Iterator[Served]:
    """A house without listed proxies, with the same block."""
    with house(OUTAGES__ALLOWED_NETWORKS=BLOCK) as running:
        _unlimited(running)
        yield running


def _unlimited(served: Served) -> None:
    served.client.put("/api/v2/limits/outages.radar", json={"rate": "100000/minute"}).raise_for_status()


def said(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert next(iter(body)) == "idcStatusRequisicao"
    assert body["interrupcaoFornecimento"] == []
    return answer.status_code, body["mensagem"]


@pytest.mark.parametrize(
    "forwarded",
    [
        "200.198.220.128",
        "200.198.220.255",
        "::ffff:200.198.220.200",
        "203.0.113.9, 200.198.220.130",
        "200.198.220.130, 10.9.1.1",
        "200.198.220.130:51000",
    ],
)
def test_a_listed_address_behind_listed_proxies(behind: Served, forwarded: str) -> None:
    """The address that the last listed proxy saw counts, and the block's edges belong to it."""
    assert said(behind.client.get(PATH, headers={"X-Forwarded-For": forwarded})) == (200, "")


@pytest.mark.parametrize(
    "forwarded",
    [
        "200.198.220.127",
        "200.198.221.0",
        "203.0.113.9",
        "200.198.220.130, 203.0.113.9",
        "200.198.220.130, 203.0.113.9, 10.9.1.1",
        "200.198.220.130, nonsense",
        "10.9.1.1",
        "2001:db8::1",
    ],
)
def test_any_other_address_is_barred(behind: Served, forwarded: str) -> None:
    """Also one that has itself announced as the regulator in front of what the proxy saw."""
    assert said(behind.client.get(PATH, headers={"X-Forwarded-For": forwarded})) == BARRED
    assert said(behind.client.get(PATH)) == BARRED


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP"])
def test_nobody_else_may_speak_for_others(direct: Served, header: str) -> None:
    """Without a listed proxy only the connection's own address counts."""
    for value in ("200.198.220.130", "for=200.198.220.130"):
        assert said(direct.client.get(f"/radar{PATH}", headers={header: value})) == BARRED


def test_before_the_key(direct: Served) -> None:
    """Who is barred learns nothing of keys: none, a wrong and a right one are answered alike."""
    keys = ({}, {"X-API-Key": "errada"}, {"X-API-Key": ADMIN_KEY})
    answers = [direct.anonymous.get(PATH, headers=key) for key in keys]
    assert [said(answer) for answer in answers] == [BARRED] * 3
    assert not any("www-authenticate" in answer.headers for answer in answers)
    assert direct.sql("SELECT 1 FROM outage_polls") == []


def test_who_is_barred_is_counted_and_logged(direct: Served, capfd: pytest.CaptureFixture[str]) -> None:
    """The refusal leaves a line with the address, and counts."""

    def line() -> str | None:
        direct.anonymous.get(PATH)  # of many in a second only some leave a line
        return next((line for line in capfd.readouterr().err.splitlines() if "address refused" in line), None)

    assert '"address":"127.0.0.1"' in eventually(line, every=0.2)
    assert 'esteio_auth_refusals_total{kind="address",reason="not_listed"}' in direct.client.get("/metrics").text


def test_only_the_contract_is_barred(direct: Served) -> None:
    """The house's own operations, and the contract's document, are for everybody else too."""
    assert direct.client.get("/api/v2/outages/polls").status_code == 200
    assert direct.anonymous.get("/radar/openapi.json").status_code == 200


def test_a_house_without_a_list_answers_everybody(house: House) -> None:
    """The list is empty unless it is set; a listed address of one's own is let in directly."""
    with house() as running:
        assert said(running.client.get(PATH)) == (200, "")
    with house(OUTAGES__ALLOWED_NETWORKS=f"{BLOCK}, 127.0.0.0/8") as running:
        assert said(running.client.get(PATH, headers={"X-Forwarded-For": "203.0.113.9"})) == (200, "")


def test_guessing_addresses_is_limited(house: House) -> None:
    """Who is barred meets the limit of the address too."""
    with house(OUTAGES__ALLOWED_NETWORKS=BLOCK) as running:
        statuses = [running.client.get(PATH).status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]
