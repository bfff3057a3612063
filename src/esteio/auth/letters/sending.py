"""A letter is written, sent up to its last dot, noted as being handed over, handed over: once.

Its token is made here, in memory, and is in the letter alone; what is committed before the last dot is its digest.
"""

from esteio.auth.letters import course
from esteio.auth.letters.about import Told
from esteio.auth.letters.kinds import SEND_LETTER, LetterRef
from esteio.auth.letters.links import Links
from esteio.auth.letters.writing import written
from esteio.auth.mail_tokens import MailTokens, new_token
from esteio.base.errors import EsteioError, Unavailable
from esteio.jobs.errors import Later
from esteio.jobs.job import AnyJob, Job
from esteio.jobs.run import Run
from esteio.mail.errors import MailDelayed, MailRefused, MailUnavailable, MailUncertain
from esteio.mail.letter import Letter

MAIL_OFF = "no mail server is set"


class NotWanted(Exception):
    """What the letter is about has changed while it was on the way to the server: nothing is handed over."""


async def send_letter(run: Run, ref: LetterRef) -> None:
    """Send it once. What the server took is never sent again; where nobody knows, it is not sent by itself."""
    async with run.transaction() as session:
        told = await course.begin(session, ref.letter, run.clock.now())
    if told is None:
        return
    if not run.resources.mail.configured:
        await _not_sent(run, told, "failed", None, MAIL_OFF)
        return
    token = new_token() if told.purpose is not None else None
    try:
        await _send(run, told, _letter(run, ref, told, token), token)
    except NotWanted:
        # Begun anew, it is seen what is still to be told.
        raise Later(0.0) from None
    except MailRefused as error:
        await _not_sent(run, told, "refused", error.reply, _answer(error))
    except MailUncertain as error:
        await _not_sent(run, told, "unconfirmed", None, _answer(error))
    except (MailDelayed, MailUnavailable) as error:
        await _not_taken(run, told, error)


async def _send(run: Run, told: Told, letter: Letter, token: str | None) -> None:
    tokens = MailTokens(run.database, run.resources.keyring, run.clock, run.settings.auth)

    async def handing_over() -> None:
        async with run.transaction() as session:
            if not await course.hand_over(session, told, token, tokens, run.clock.now()):
                raise NotWanted

    accepted = await run.resources.mail.send(letter, handing_over=handing_over)
    async with run.completion() as session:
        await course.sent(session, told, accepted.code, accepted.answer, run.clock.now())


async def _not_taken(run: Run, told: Told, error: MailDelayed | MailUnavailable) -> None:
    """Try again, ever more seldom and not before the server wants to be asked; at last it has failed."""
    if run.attempt >= run.kind.retry.most:
        await _not_sent(run, told, "failed", error.reply, _answer(error))
        return
    async with run.transaction() as session:
        await course.not_taken(session, told.letter, error.reply, _answer(error))
    raise Later(max(_wish(error), run.kind.retry.rest(run.attempt) or 0.0), error) from error


async def _not_sent(run: Run, told: Told, state: course.Unsent, code: int | None, answer: str) -> None:
    async with run.completion() as session:
        await course.not_sent(session, told.letter, state, code, answer)


def _letter(run: Run, ref: LetterRef, told: Told, token: str | None) -> Letter:
    links = Links(run.settings.auth, run.settings.http.public_url)
    tokens = MailTokens(run.database, run.resources.keyring, run.clock, run.settings.auth)
    link = links.to(told.purpose, token) if told.purpose is not None and token is not None else None
    life = tokens.life(told.purpose) if told.purpose is not None else None
    return written(
        told, ref.language, house=run.settings.http.app_name, token=token, link=link, life=life, attempt=run.attempt
    )


def _answer(error: EsteioError) -> str:
    """The server's own words, else ours."""
    return str(getattr(error, "said", "") or error.operator or error.detail)


def _wish(error: Unavailable) -> float:
    return float(error.headers.get("Retry-After", "0"))


LETTER_JOBS: tuple[AnyJob, ...] = (Job(SEND_LETTER, send_letter),)
