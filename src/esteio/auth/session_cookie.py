"""The cookie in which a browser keeps its refresh token, where no script can read it.

It proves nobody: it is looked at by what renews or ends a login, and by nothing else. What reads or sets it must have
been sent by a page of our own origin. `SameSite=Strict` alone does not say that, since another host of the same site
is another origin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from esteio.base.crypto import Keyring

_NAME = "esteio_session"
_PURPOSE = "browser session"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """`public_url` is the deployment's own; `seconds` the life of a refresh token that is not used.

    What the cookie holds is signed: a refresh token that was given to a program is none, whoever sends it in a cookie,
    and has not the longer grace that browsers have.
    """

    public_url: str
    seconds: int
    keyring: Keyring

    @property
    def name(self) -> str:
        """With `__Host-`, which no other host can set or widen. Over plain http browsers refuse such a cookie."""
        return f"__Host-{_NAME}" if self._secure else _NAME

    def keeping(self, refresh: str) -> str:
        """The Set-Cookie value that keeps a refresh token."""
        return self._written(self.keyring.sign(_PURPOSE, refresh.encode()), self.seconds)

    def ending(self) -> str:
        """The Set-Cookie value that makes the browser forget it."""
        return self._written("", 0)

    def held(self, headers: Mapping[bytes, bytes]) -> str | None:
        """The refresh token among a request's cookies."""
        for one in headers.get(b"cookie", b"").decode("latin-1").split(";"):
            name, _, value = one.strip().partition("=")
            if name == self.name and value:
                return self._signed(value)
        return None

    def is_sent(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the request has the cookie, whatever it holds."""
        names = (one.partition("=")[0].strip() for one in headers.get(b"cookie", b"").decode("latin-1").split(";"))
        return self.name in names

    def is_own(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a page of our own origin sent the request: by Sec-Fetch-Site, or by Origin where that is missing.

        Browsers send the former only to origins that they trust (https, or this machine), and let no page set either.
        """
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site == b"same-origin"
        return _origin(headers.get(b"origin", b"").decode("latin-1")) == _origin(self.public_url)

    def _signed(self, value: str) -> str | None:
        try:
            return self.keyring.verified(_PURPOSE, value).decode()
        except ValueError:
            return None

    @property
    def _secure(self) -> bool:
        return self.public_url.startswith("https://")

    def _written(self, value: str, seconds: int) -> str:
        secure = "; Secure" if self._secure else ""
        return f"{self.name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        return None
    return split.scheme, split.hostname, port or _PORTS.get(split.scheme)
