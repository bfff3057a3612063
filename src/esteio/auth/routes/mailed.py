"""What one's own account does by mail: a new password, a confirmed address, another address."""

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.routes.asked import Address, MailLanguage
from esteio.auth.routes.twice import Twice
from esteio.auth.schemas import Confirmation, ConfirmedView, EmailChange, Forgotten, MailedView, PasswordReset
from esteio.auth.use_cases import resetting, verifying
from esteio.http.answers import Answer, NoContent
from esteio.http.rules import AUTHENTICATED, rules

_twice = Twice("/auth", "auth")
v2, root = _twice.v2, _twice.root

FORGOTTEN = "If this address has an account, a mail that sets a new password is on its way to it."
VERIFICATION = "A mail that confirms the address is on its way to it."
CHANGE = "A mail is on its way to the new address; it becomes the account's when it was confirmed by it."


@_twice.route("POST", "/password/forgot", MailedView, status_code=202, summary="Ask for a new password by mail")
@rules(errors=(503,))
async def forgot_password(data: Forgotten, auth: AuthParts, address: Address, language: MailLanguage) -> Answer:
    """Mails a token that sets a new password, in the language of Accept-Language (en, pt-BR).

    The answer is the same whether the address has an account or not. 503 (MAIL_OFF) where no mail is sent at all.
    """
    await resetting.forgot(auth, email=data.email, language=language, address=address)
    return _mailed(FORGOTTEN)


@_twice.route("POST", "/password/reset", None, status_code=204, summary="Set a new password", response_class=NoContent)
@rules()
async def reset_password(data: PasswordReset, auth: AuthParts, address: Address, language: MailLanguage) -> Answer:
    """With the token of the mail, once. Ends every session of the account in every tenant; log in with it next."""
    await resetting.reset(
        auth, token=data.token, following=data.new_password.get_secret_value(), language=language, address=address
    )
    return NoContent()


@_twice.route("POST", "/email/verification", MailedView, status_code=202, summary="Ask for the confirmation mail again")
@rules(AUTHENTICATED, errors=(409, 503))
async def ask_verification(auth: AuthParts, caller: Caller, language: MailLanguage) -> Answer:
    """Mails the account's address another token; the one before ends. 409 for an address that is confirmed."""
    await verifying.ask_again(auth, caller=caller, language=language)
    return _mailed(VERIFICATION)


@_twice.route("POST", "/email/verify", ConfirmedView, summary="Confirm an address")
@rules(errors=(409,))
async def verify_email(data: Confirmation, auth: AuthParts, language: MailLanguage) -> Answer:
    """With the token of the mail, once: of an account's address, of its new address, or of a registration."""
    outcome, email = await verifying.confirm(auth, token=data.token, language=language)
    return Answer(ConfirmedView(outcome=outcome, email=email), cache_control="no-store")


@_twice.route("POST", "/email", MailedView, status_code=202, summary="Change one's e-mail address")
@rules(AUTHENTICATED, errors=(409, 503))
async def change_email(
    data: EmailChange, auth: AuthParts, caller: Caller, address: Address, language: MailLanguage
) -> Answer:
    """Mails the new address a token. The account keeps its present address until then, and is told there of the change.

    The answer is the same whether the new address has an account or not; its mail says so.
    """
    password = data.password.get_secret_value()
    await verifying.ask_to_change(
        auth, caller=caller, email=data.email, password=password, language=language, address=address
    )
    return _mailed(CHANGE)


def _mailed(detail: str) -> Answer:
    return Answer(MailedView(detail=detail), status=202, cache_control="no-store")
