"""A browser that keeps its refresh token in a cookie, as the routes of a login meet it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import Depends, Request

from esteio.auth.errors import NotSameOrigin
from esteio.auth.parts import Auth
from esteio.auth.session_cookie import SessionCookie
from esteio.auth.session_schemas import TokensView
from esteio.auth.use_cases.login import Entered
from esteio.http.answers import Answer
from esteio.http.exchange import exchange_of

Kept = Literal["token", "cookie"]


class Browser:
    """What a request says of the cookie."""

    def __init__(self, cookie: SessionCookie, headers: Mapping[bytes, bytes]) -> None:
        self._cookie = cookie
        self._headers = headers

    def demand(self, kept: Kept) -> None:
        """Raise `NotSameOrigin` where a page of another origin asks for the cookie: it would log people in unasked."""
        if kept == "cookie" and not self._cookie.is_own(self._headers):
            raise NotSameOrigin

    def held(self) -> str | None:
        """The refresh token in the cookie. Raises `NotSameOrigin` for one that a page of another origin has sent."""
        held = self._cookie.held(self._headers)
        if held is not None:
            self.demand("cookie")
        return held

    def entered(self, entered: Entered, kept: Kept) -> Answer:
        """A login as its holder gets it."""
        in_cookie = kept == "cookie"
        view = TokensView(
            access_token=entered.access_token,
            refresh_token=None if in_cookie else entered.refresh_token,
            expires_in=entered.expires_in,
        )
        headers = {"Set-Cookie": self._cookie.keeping(entered.refresh_token)} if in_cookie else {}
        return Answer(view, cache_control="no-store", headers=headers)

    def left(self) -> Answer:
        """204; a browser that has the cookie forgets it."""
        return Answer(b"", status=204, cache_control="no-store", headers=self.ended())

    def ended(self) -> dict[str, str]:
        """The header fields that make a browser forget the cookie, if it has sent one."""
        return {"Set-Cookie": self._cookie.ending()} if self._cookie.is_sent(self._headers) else {}


async def _browser(request: Request) -> Browser:
    auth: Auth = request.app.state.auth
    return Browser(auth.cookie, exchange_of(request.scope).headers)


BrowserAsked = Annotated[Browser, Depends(_browser)]
