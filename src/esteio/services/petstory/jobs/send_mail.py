"""A mail to a customer: written, sent up to its last dot, noted as being handed over, handed over."""

from esteio.base.errors import EsteioError, NotFound, Unavailable
from esteio.jobs.errors import Later
from esteio.jobs.run import Run
from esteio.mail.errors import MailDelayed, MailRefused, MailUnavailable, MailUncertain
from esteio.mail.letter import Attachment, Letter
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.jobs.acting import actor_of, last_try
from esteio.services.petstory.letters.told import Told, Where
from esteio.services.petstory.letters.writing import LARGEST_BOOK, written
from esteio.services.petstory.tasks import MailRef
from esteio.services.petstory.use_cases import mailing

MAIL_OFF = "MAIL_OFF"


class NotWanted(Exception):
    """The order has moved while its mail was on the way to the server: nothing is handed over."""


async def send_mail(run: Run, ref: MailRef) -> None:
    """Send it once. What the server took is never sent again; where nobody knows, it is not sent by itself."""
    async with run.transaction() as session:
        told = await mailing.begin(session, ref.mail, actor=actor_of(run))
    if told is None:
        return
    if not run.resources.mail.configured:
        await _not_sent(run, told, "failed", MAIL_OFF)
        return
    try:
        await _send(run, told, await _letter(run, told))
    except NotWanted:
        # Begun anew, it is seen what has become of the order.
        raise Later(0.0) from None
    except MailRefused as error:
        await _not_sent(run, told, "refused", _reason(error.code, error.reply), error, error.reply)
    except MailUncertain as error:
        await _not_sent(run, told, "unconfirmed", mailing.UNCONFIRMED, error)
    except (MailDelayed, MailUnavailable) as error:
        await _not_taken(run, told, error)


async def _send(run: Run, told: Told, letter: Letter) -> None:
    async def handing_over() -> None:
        async with run.transaction() as session:
            if not await mailing.hand_over(session, told):
                raise NotWanted

    accepted = await run.resources.mail.send(letter, handing_over=handing_over)
    async with run.completion() as session:
        await mailing.sent(session, told, accepted.code, accepted.answer, actor=actor_of(run))


async def _not_taken(run: Run, told: Told, error: MailDelayed | MailUnavailable) -> None:
    """Try again, ever more seldom and not before the server wants to be asked; at last it has failed."""
    if last_try(run):
        await _not_sent(run, told, "failed", _reason(error.code, error.reply), error, error.reply)
        return
    async with run.transaction() as session:
        await mailing.not_taken(session, told.mail, error.reply, _answer(error))
    raise Later(max(_wish(error), run.kind.retry.rest(run.attempt) or 0.0), error) from error


async def _not_sent(
    run: Run, told: Told, state: str, reason: str, error: EsteioError | None = None, code: int | None = None
) -> None:
    answer = _answer(error) if error else ""
    async with run.completion() as session:
        await mailing.not_sent(session, told.mail, state, reason, actor=actor_of(run), code=code, answer=answer)


async def _letter(run: Run, told: Told) -> Letter:
    addresses = Addresses(run.resources.keyring, run.settings.http.public_url)
    order = told.order
    where = Where(
        order=addresses.order_page(order.id, order.link),
        book=addresses.book(order.id, order.link) if told.book else None,
        tribute=addresses.tribute(order.id, order.tribute_link) if order.tribute else None,
    )
    return written(told, where, house=run.settings.http.app_name, files=await _attached(run, told))


async def _attached(run: Run, told: Told) -> tuple[Attachment, ...]:
    """The book, where it is small enough to be taken by the servers on the way; its link is in the mail always."""
    most = min(LARGEST_BOOK, run.resources.mail.largest_attachments)
    if told.kind != "book" or told.book is None or told.book.size > most:
        return ()
    try:
        pdf = await run.resources.files.store.whole(told.book.key)
    except NotFound:
        return ()
    return (Attachment(f"{told.order.pet_name}.pdf", "application/pdf", pdf),)


def _reason(code: str, reply: int | None) -> str:
    """What the order shows: whose word it was, and the server's code where it gave one."""
    return f"{code} {reply}" if reply else code


def _answer(error: EsteioError) -> str:
    """The server's own words, else ours."""
    return str(getattr(error, "said", "") or error.operator or error.detail)


def _wish(error: Unavailable) -> float:
    return float(error.headers.get("Retry-After", "0"))
