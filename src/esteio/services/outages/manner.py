"""How the operations of ANEEL's contract refuse, and what is noted of their callers."""

from functools import cache

from prometheus_client import Counter

from esteio.auth.proof import comes_from, networks_of
from esteio.base.errors import EsteioError
from esteio.http.answers import JSON
from esteio.http.exchange import Exchange, Headers, Reply
from esteio.services.outages.errors import AddressNotAllowed
from esteio.services.outages.part import OutagesPart
from esteio.services.outages.regulator.contract import Contract, Shape
from esteio.services.outages.settings import OutagesSettings
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import refusals
from esteio.telemetry.sparse import SparseLog

CHALLENGE = (b"www-authenticate", b"ApiKey")
NOT_KEPT = (b"cache-control", b"no-store")
_CARRIED = (("Allow", b"allow"), ("Retry-After", b"retry-after"))


class RadarManner:
    """The manner of one operation of the contract, whose answers have this shape."""

    def __init__(self, shape: Shape, settings: OutagesSettings, part: OutagesPart) -> None:
        self._contract = Contract(shape, settings)
        self._networks = networks_of(settings.allowed_networks)
        self._polls = part.polls
        self._log = SparseLog(log("esteio.outages"))

    def bars(self, exchange: Exchange) -> EsteioError | None:
        """Addresses that are not listed, where any are. Whose word is believed of an address, the gate has seen to."""
        if not self._networks or comes_from(exchange.address, self._networks):
            return None
        _barred().inc()
        self._log.info("address refused", address=exchange.address)
        return AddressNotAllowed()

    def reply(self, refusal: EsteioError, exchange: Exchange) -> Reply:
        """The contract's body. 200 says that the question arrived and could not be answered."""
        status, body = self._contract.refusal(refusal)
        headers: Headers = [JSON, NOT_KEPT]
        if status == 401:
            headers.append(CHALLENGE)
        elif status != 200:
            carried = refusal.headers
            headers += [(field, carried[name].encode()) for name, field in _CARRIED if name in carried]
        return exchange.reply(status, headers, body)

    def ended(self, exchange: Exchange, seconds: float) -> None:
        """Record the question, whoever was proved to ask it."""
        if not exchange.principal.anonymous:
            self._polls.take(exchange, seconds)


@cache
def _barred() -> Counter:
    return refusals().labels("address", "not_listed")
