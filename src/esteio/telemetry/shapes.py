"""What secrets and personal data look like, wherever in a text they stand."""

import re

from esteio.telemetry.named import MASK as MASK
from esteio.telemetry.named import without_named

_SECRETS = re.compile(
    r"est_(?:live|test|refresh|secret|mail)_[\w-]+"  # what the house gives out
    r"|whsec_[0-9A-Za-z+/=_-]+"
    r"|AGE-SECRET-KEY-[0-9A-Z]+"
    r"|AIza[\w-]{10,}"
    r"|\$argon2\w*\$[^\s\"]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
# user:password of a URL, to the last @ before blank space or the next URL. Passwords are written with @ and / as they
# are; what is behind the port of a web address is its path.
_USER = re.compile(
    r"(?<=://)(?!\[)(?!(?:(?<=http://)|(?<=https://))[\w.-]+:\d{1,5}/)[^\s/:]*:"
    r"[^\s/:]*(?::(?!//)[^\s/:]*)*"
    r"(?:/[^\s\"':]*(?::(?!//)[^\s\"':]*)*)?(?=@)"
)
# JSON web tokens. Every run of their letters is taken whole, and looked at once: work grows with the length alone.
_WEB_TOKEN = re.compile(r"eyJ[\w-]{5,}(?:\.[\w-]*){0,4}")
_LONG_HEADER = 300
_VALUES = re.compile(  # what drivers and validators add of the values that were refused
    r"(?P<parameters>\[parameters: )(?:.*\](?=\s|\Z)|.*)"
    r"|(?P<detail>\bDETAIL:  ?)[^\n]+"
    r"|(?P<given>\binput_value=).*?(?=, input_type=|\n|\Z)",
)
_EMAIL = re.compile(r"(?<![\w.%+-])([\w%+-])[\w.%+-]*@((?:[\w-]+\.)+[A-Za-z][\w-]*)")
_NUMBER = re.compile(r"(?<![\w.-])\+?\(?\d[\d .()/-]{8,24}\d(?![\w-])")
_PHONE = re.compile(r"\+\d[\d ()-]{8,20}\Z|\(\d{2}\) ?\d{4,5}-?\d{4}\Z|\d{2} 9\d{4}-\d{4}\Z")
_TAX = re.compile(r"(?:\d{3}\.\d{3}\.\d{3}-\d{2}|\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2})\Z")
_NO_DIGIT = re.compile(r"\D")
_CARDS = "3456"
"""First digits of payment cards; no clock shows them in front of as many digits."""


def without_secrets(text: str) -> str:
    """The text with everything that has the shape of a secret replaced."""
    text = _SECRETS.sub(MASK, text)
    if "eyJ" in text:
        text = _WEB_TOKEN.sub(_web_token, text)
    if "://" in text:
        text = _USER.sub(MASK, text)
    text = without_named(text)
    if "[parameters" in text or "DETAIL:" in text or "input_value=" in text:
        text = _VALUES.sub(_keep_name, text)
    return text


def without_persons(text: str) -> str:
    """The text with addresses of mail, telephone numbers, CPF, CNPJ and the numbers of cards replaced."""
    if "@" in text:
        text = _EMAIL.sub(rf"\1{MASK}@\2", text)
    return _NUMBER.sub(_number, text)


def _keep_name(hit: re.Match[str]) -> str:
    return next(filter(None, hit.groups()), "") + MASK


def _web_token(hit: re.Match[str]) -> str:
    """A mask for two dots or more; for fewer where the end of the text has cut the rest off."""
    token = hit.group()
    dots = token.count(".")
    cut = hit.end() == len(hit.string) and (dots == 1 or len(token) > _LONG_HEADER)
    return MASK if dots >= 2 or cut else token


def _number(hit: re.Match[str]) -> str:
    text = hit.group()
    return MASK if _PHONE.match(text) or _TAX.match(text) or _is_numbered(_NO_DIGIT.sub("", text), text) else text


def _is_numbered(digits: str, text: str) -> bool:
    """Whether these are the digits of a CPF, a CNPJ or a card, by their check digits."""
    if text == digits and len(digits) == 11:
        return _checks(digits, 9)
    if text == digits and len(digits) == 14 and _checks(digits, 12):
        return True
    return 13 <= len(digits) <= 19 and digits[0] in _CARDS and _luhn(digits)


def _checks(digits: str, fixed: int) -> bool:
    """The check digits of Brazil's tax numbers: weights rise from the right, those of a CNPJ begin again after 9."""
    if len(set(digits)) == 1:
        return False
    again = 8 if fixed == 12 else fixed + 1
    for length in (fixed, fixed + 1):
        rest = sum(int(digit) * (place % again + 2) for place, digit in enumerate(reversed(digits[:length]))) % 11
        if int(digits[length]) != (0 if rest < 2 else 11 - rest):
            return False
    return True


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits), start=1))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
