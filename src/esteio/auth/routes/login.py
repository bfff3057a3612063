"""Coming in and leaving, under `/api/v2/auth` and, as plain JSON, under `/auth`."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.routes.asked import Address
from esteio.auth.schemas import Login, Logout, MeView, PasswordChange, Refresh, Registration, TokensView
from esteio.auth.use_cases import account, login
from esteio.auth.use_cases.login import Entered
from esteio.http.answers import Answer, NoContent
from esteio.http.envelope import Envelope
from esteio.http.rules import AUTHENTICATED, rules

v2 = APIRouter(prefix="/auth", tags=["auth"])
root = APIRouter(prefix="/auth", tags=["auth"])


def _both(method: str, path: str, shape: Any, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mount an endpoint in the envelope and plain."""

    def mount(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        enveloped = Envelope[shape] if shape is not None else None
        v2.api_route(path, methods=[method], response_model=enveloped, **options)(endpoint)
        root.api_route(path, methods=[method], response_model=shape, **options)(endpoint)
        return endpoint

    return mount


@_both("POST", "/register", MeView, status_code=201, summary="Register")
@rules(errors=(409,))
async def register(data: Registration, auth: AuthParts, address: Address) -> Answer:
    """An account with the role `user`. Log in with it next. 403 where registration is closed."""
    password = data.password.get_secret_value()
    user = await login.register(auth, email=data.email, password=password, name=data.name, address=address)
    return Answer(await account.registered(auth, user=user), status=201, cache_control="no-store")


@_both("POST", "/login", TokensView, summary="Log in with a password")
@rules()
async def log_in(data: Login, auth: AuthParts, address: Address) -> Answer:
    """An access token for `Authorization: Bearer`, and a refresh token. After failures the next attempt has to wait."""
    entered = await login.login(
        auth, email=data.email, password=data.password.get_secret_value(), tenant=data.tenant, address=address
    )
    return _tokens(entered)


@_both("POST", "/refresh", TokensView, summary="Renew a login")
@rules()
async def refresh(data: Refresh, auth: AuthParts) -> Answer:
    """Each refresh token is good for one use. Used again, it ends the whole login, save within ten seconds for an
    answer that was lost: then the same successor is given again.
    """
    return _tokens(await login.refresh(auth, refresh_token=data.refresh_token))


@_both("POST", "/logout", None, status_code=204, summary="Log out", response_class=NoContent)
@rules()
async def log_out(auth: AuthParts, caller: Caller, data: Logout | None = None) -> Answer:
    """Ends the session of the access token, or of the refresh token in the body."""
    await account.logout(auth, caller=caller, refresh_token=data.refresh_token if data else None)
    return NoContent()


@_both("POST", "/logout-all", None, status_code=204, summary="Log out everywhere", response_class=NoContent)
@rules(AUTHENTICATED)
async def log_out_everywhere(auth: AuthParts, caller: Caller) -> Answer:
    """Ends all sessions of the account, on every device and in every tenant."""
    await account.logout_everywhere(auth, caller=caller)
    return NoContent()


@_both("GET", "/me", MeView, summary="Who am I")
@rules(AUTHENTICATED)
async def me(auth: AuthParts, caller: Caller) -> Answer:
    """The caller, its tenant, its roles and permissions."""
    return Answer(await account.me(auth, caller=caller), cache_control="no-store")


@_both("POST", "/password", TokensView, summary="Change the password")
@rules(AUTHENTICATED)
async def change_password(data: PasswordChange, auth: AuthParts, caller: Caller, address: Address) -> Answer:
    """Ends every session of the account; the answer holds a new one."""
    entered = await account.change_password(
        auth,
        caller=caller,
        present=data.password.get_secret_value(),
        following=data.new_password.get_secret_value(),
        address=address,
    )
    return _tokens(entered)


def _tokens(entered: Entered) -> Answer:
    view = TokensView(
        access_token=entered.access_token, refresh_token=entered.refresh_token, expires_in=entered.expires_in
    )
    return Answer(view, cache_control="no-store")
