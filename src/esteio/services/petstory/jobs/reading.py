"""Reading a payment for a job: what it is taken for, and when it is worth asking again."""

from esteio.jobs.errors import Later
from esteio.jobs.run import Run
from esteio.services.petstory.jobs.acting import actor_of, section_of
from esteio.services.petstory.payments.answers import Seen
from esteio.services.petstory.payments.mercadopago import MercadoPago
from esteio.services.petstory.payments.refusals import Busy, Declined, Unknown
from esteio.services.petstory.tasks import Source
from esteio.services.petstory.use_cases import paying
from esteio.telemetry.logs import log
from esteio.upstream.errors import UpstreamUnavailable

UNKNOWN_TRIES = 4
UNKNOWN_REST, BUSY_REST = 15.0, 10.0
"""Seconds. Who is told of a payment may be faster than those who are asked for it."""


def market_of(run: Run) -> MercadoPago:
    return MercadoPago(run.resources.upstreams.to("mercadopago"))


async def read_payment_of(run: Run, number: str, source: Source) -> None:
    """Ask for the payment, and end the job together with what it means. Raises `Later`."""
    seen = await asked(run, number)
    if seen is None:
        return
    async with run.completion() as session:
        await paying.observe(session, actor_of(run), section_of(run), seen, source)


async def asked(run: Run, number: str) -> Seen | None:
    """The payment as it is now; `None` where it is unknown however often it is asked for. Raises `Later`."""
    try:
        return await market_of(run).payment(number)
    except UpstreamUnavailable as error:
        raise later(run, error) from error
    except Busy as error:
        raise Later(BUSY_REST) from error
    except Unknown as error:
        if run.attempt < UNKNOWN_TRIES:
            raise Later(UNKNOWN_REST * run.attempt) from error
        log("esteio.petstory").warning("petstory.payment_unknown", payment=number)
    except Declined as error:
        log("esteio.petstory").warning("petstory.payment_not_shown", payment=number, cause=str(error))
    return None


def later(run: Run, error: UpstreamUnavailable) -> Later:
    """Not before the party wants to be asked again, and ever more seldom."""
    wish = float(error.headers.get("Retry-After", "0"))
    return Later(max(wish, run.kind.retry.rest(run.attempt) or 0.0), error)
