"""How the numbers of a demand are written."""

import re

PROTOCOL = r"^[0-9A-Za-z][!-.0-~]{0,29}$"
TYPOLOGY = r"^[0-9]{7}$"
TAXPAYER = r"^([0-9]{11}|[0-9A-Z]{12}[0-9]{2})$"

_PROTOCOL, _TYPOLOGY, _TAXPAYER = (re.compile(form.replace("$", r"\Z")) for form in (PROTOCOL, TYPOLOGY, TAXPAYER))


def is_protocol(text: str) -> bool:
    """Whether it can be a protocol: 1 to 30 visible ASCII characters but a slash, a letter or digit first."""
    return _PROTOCOL.match(text) is not None


def protocol_number(text: str) -> str:
    if not is_protocol(text):
        raise ValueError("a protocol has 1 to 30 visible ASCII characters but a slash, a letter or digit first")
    return text


def typology_code(text: str) -> str:
    if _TYPOLOGY.match(text) is None:
        raise ValueError("a typology has seven digits")
    return text


def taxpayer_number(text: str) -> str:
    """Only the form is looked at: the regulator is told what the distributor's register says, right or wrong.

    A CNPJ may have capital letters among its first twelve characters (Receita Federal, from July 2026 on).
    """
    if _TAXPAYER.match(text) is None:
        raise ValueError("write the 11 digits of a CPF or the 14 characters of a CNPJ, without punctuation")
    return text


def one_line(text: str) -> str:
    if any(character < " " or character == "\x7f" for character in text):
        raise ValueError("control characters are not allowed")
    return text
