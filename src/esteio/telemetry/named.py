"""Secrets that have no shape of their own, and are known by the name in front of them."""

import re

MASK = "***"

# A value between quotes, to its closing quote: a plain string, or one within a string that is quoted itself.
_QUOTED = (
    r"(?:b?\"(?:[^\"\\]|\\[\s\S])*"
    r"|b?'(?:[^'\\]|\\[\s\S])*"
    r"|\\\"(?:[^\"\\]|\\\\\\?[\s\S]|\\[^\"\\])*)"
)
_WORD = r"(?!https?://)\S*[^\s,;.:)\"'\]}>]"
# No word of a sentence: long, or with digits or signs, or with a capital within.
_ODD = rf"(?=\S{{16}}|\S*[\d!#$%^&*+=~\\@]|(?-i:\S*[a-z][A-Z])){_WORD}"
# A word alone, which no type and no complaint is.
_ALONE = (
    r"(?!(?:str|bytes|none|null|true|false|required|missing|invalid|wrong|incorrect|expired|empty|unknown|denied)\b)"
    r"\w{1,64}(?=[.,;)\"'\]}]*(?:\s*\Z|\n))"
)
_PASSWORD = r"(?:passw(?:or)?d|passphrase|senha|secret)"  # noqa: S105 - names
_OTHER = r"(?:token|api[_-]?key|signature|secret[_-]?key|private[_-]?key|access[_-]?key|credentials?|pwd)"
_NAME = rf"(?:{_PASSWORD}|{_OTHER})"
_HEADER = r"(?<![\w-])x-[\w-]{0,40}(?:key|token|secret|signature|auth|authorization)"
_QUERY = r"(?:[?&](?:key|code|auth|jwt|session|credential)|\bsig)"
_COOKIE = r"(?:\"[^\"\n]*\"|[^\s;]*)"
_SCHEME = r"(?:basic|bearer|token|negotiate|apikey)"

_NAMED = re.compile(
    rf"(?P<quoted>[\"'][\w-]{{0,40}}(?:{_NAME}|authorization|cookie)\\?[\"'](?::\s?|,\s(?=b[\"'])))"
    rf"(?:{_QUOTED}|(?!null|none|true|false)[^\s\"'\\,}}\]\[{{(]+)"
    r"|(?=(?-i:[?&AaBbCcPpSsTtXx]))(?:"  # looked at first: most letters begin none of what follows
    rf"(?P<assigned>{_NAME}[\"']?=|{_QUERY}=)(?:{_QUOTED}|[\"']?[^\s\"'&,;]+)"
    rf"|(?P<cookie>cookie[\"']?: ?)[^\s=;,\"']{{1,100}}="
    rf"{_COOKIE}(?:; ?[^\s=;,\"']{{1,100}}(?:={_COOKIE})?)*"
    rf"|(?P<scheme>authorization: ?)(?:(?:digest|oauth|hawk|aws4-hmac-sha256) [^\n]+"
    rf"|{_SCHEME} [^\s\"',;<>…]+|{_ODD}|{_ALONE})"
    rf"|(?P<header>{_HEADER}: ?)(?:{_QUOTED}|{_WORD})"
    rf"|(?P<password>{_PASSWORD}: ?)(?:{_QUOTED}|{_ODD}|{_ALONE})"
    rf"|(?P<other>{_OTHER}: ?)(?:{_QUOTED}|{_ODD})"
    r"|(?P<credential>\b(?:bearer|basic) )[\w.~+/=-]{8,})",
    re.IGNORECASE,
)


_HINTS = (
    *("passw", "passphrase", "senha", "secret", "token", "key", "sig", "credential", "pwd", "auth", "cookie"),
    *("code=", "jwt=", "session=", "bearer ", "basic "),
)


def without_named(text: str) -> str:
    """The text with the values replaced that stand behind the name of a secret, in whatever notation."""
    small = text.lower()
    return _NAMED.sub(_keep_name, text) if any(hint in small for hint in _HINTS) else text


def _keep_name(hit: re.Match[str]) -> str:
    name = hit[hit.lastgroup or 0]
    value = hit.group()[len(name) :]
    opening = re.match(r"\\?[\"']|b[\"']", value)
    return f"{name}{opening.group() if opening else ''}{MASK}"
