"""Coming in and leaving, under `/api/v2/auth` and, as plain JSON, under `/auth`."""

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.parts import Auth
from esteio.auth.routes.asked import Address, MailLanguage
from esteio.auth.routes.browser import Browser, BrowserAsked
from esteio.auth.routes.twice import Twice
from esteio.auth.schemas import MailedView, MeView, Registration
from esteio.auth.session_schemas import Login, Logout, PasswordChange, Refresh, TokensView
from esteio.auth.use_cases import account, login, registering
from esteio.base.errors import Unauthenticated
from esteio.http.answers import Answer, NoContent
from esteio.http.rules import AUTHENTICATED, rules

_twice = Twice("/auth", "auth")
v2, root, _both = _twice.v2, _twice.root, _twice.route

REGISTERED = "A mail is on its way to this address: what it says makes the account."


@_both("POST", "/register", MeView, also={202: MailedView}, status_code=201, summary="Register")
@rules(errors=(409,))
async def register(data: Registration, auth: AuthParts, address: Address, language: MailLanguage) -> Answer:
    """An account with the role `user`. Log in with it next. 403 where registration is closed.

    Where the deployment wants addresses confirmed first, 202: the mail holds the token that makes the account, or says
    that the address has one. The answer does not tell which.
    """
    password = data.password.get_secret_value()
    if auth.settings.registration_confirmed:
        await registering.register_when_confirmed(
            auth, email=data.email, password=password, name=data.name, address=address, language=language
        )
        return Answer(MailedView(detail=REGISTERED), status=202, cache_control="no-store")
    user = await registering.register(
        auth, email=data.email, password=password, name=data.name, address=address, language=language
    )
    return Answer(await account.registered(auth, user=user), status=201, cache_control="no-store")


@_both("POST", "/login", TokensView, summary="Log in with a password")
@rules()
async def log_in(
    data: Login, auth: AuthParts, browser: BrowserAsked, address: Address, language: MailLanguage
) -> Answer:
    """An access token for `Authorization: Bearer`, and a refresh token. After failures the next attempt has to wait.

    403 (EMAIL_NOT_VERIFIED) where the deployment wants addresses confirmed and this account's is not; the mail for it
    is sent again. With `session: "cookie"` the refresh token goes into an HttpOnly cookie, for pages of our own origin:
    403 (NOT_SAME_ORIGIN) for all others.
    """
    browser.demand(data.session)
    entered = await login.login(
        auth,
        email=data.email,
        password=data.password.get_secret_value(),
        tenant=data.tenant,
        address=address,
        language=language,
    )
    return browser.entered(entered, data.session)


@_both("POST", "/refresh", TokensView, summary="Renew a login")
@rules()
async def refresh(auth: AuthParts, browser: BrowserAsked, data: Refresh | None = None) -> Answer:
    """Each refresh token is good for one use. Used again, it ends the whole login, save within ten seconds for an
    answer that was lost: then the same successor is given again.

    Without one in the body that of the cookie is taken, and the next goes into the cookie; then the grace is a minute.
    """
    if data is not None and data.refresh_token is not None:
        return browser.entered(await login.refresh(auth, refresh_token=data.refresh_token), "token")
    return await _renewed(auth, browser)


@_both("POST", "/logout", None, status_code=204, summary="Log out", response_class=NoContent)
@rules()
async def log_out(auth: AuthParts, caller: Caller, browser: BrowserAsked, data: Logout | None = None) -> Answer:
    """Ends the session of the access token, that of the refresh token in the body, and that of the cookie."""
    presented, held = data.refresh_token if data is not None else None, browser.held()
    await account.logout(auth, caller=caller, refresh_token=presented or held)
    if presented is not None and held is not None:
        await account.logout(auth, caller=caller, refresh_token=held)
    return browser.left()


@_both("POST", "/logout-all", None, status_code=204, summary="Log out everywhere", response_class=NoContent)
@rules(AUTHENTICATED)
async def log_out_everywhere(auth: AuthParts, caller: Caller, browser: BrowserAsked) -> Answer:
    """Ends all sessions of the account, on every device and in every tenant."""
    await account.logout_everywhere(auth, caller=caller)
    return browser.left()


@_both("GET", "/me", MeView, summary="Who am I")
@rules(AUTHENTICATED)
async def me(auth: AuthParts, caller: Caller) -> Answer:
    """The caller, its tenant, its roles and permissions."""
    return Answer(await account.me(auth, caller=caller), cache_control="no-store")


@_both("POST", "/password", TokensView, summary="Change the password")
@rules(AUTHENTICATED)
async def change_password(
    data: PasswordChange,
    auth: AuthParts,
    caller: Caller,
    browser: BrowserAsked,
    address: Address,
    language: MailLanguage,
) -> Answer:
    """Ends every session of the account; the answer, or the cookie, holds a new one. The account's address is told by
    mail.
    """
    browser.demand(data.session)
    entered = await account.change_password(
        auth,
        caller=caller,
        present=data.password.get_secret_value(),
        following=data.new_password.get_secret_value(),
        address=address,
        language=language,
    )
    return browser.entered(entered, data.session)


async def _renewed(auth: Auth, browser: Browser) -> Answer:
    """The login of a browser, which forgets a cookie that is no longer good."""
    held = browser.held()
    if held is None:
        raise Unauthenticated("Send the refresh token in the body; this request has no cookie that keeps one.")
    try:
        return browser.entered(await login.refresh(auth, refresh_token=held, cookie=True), "cookie")
    except Unauthenticated as refusal:
        refusal.headers.update(browser.ended())
        raise
