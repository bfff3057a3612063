"""One request and its answer, as the steps of the gate share them."""

import time
from typing import Any, Protocol

from starlette.types import Message, Receive, Scope, Send

from esteio.base.principal import ANONYMOUS, Principal
from esteio.http.routing import NO_PARAMETERS, Operation
from esteio.telemetry.context import current

KEY = "esteio"
Headers = list[tuple[bytes, bytes]]


class Charge(Protocol):
    """What the request was charged. Its fields are written when the answer begins."""

    def fields(self) -> Headers:
        """How the caller stands with the limits, as header fields."""
        ...

    def give_back(self) -> None:
        """Uncharge the request; harmless when repeated."""
        ...


class Exchange:
    """What is known of a request. Each step of the gate adds its part; the answer's headers gather in `added`."""

    __slots__ = (
        "accepted_at",
        "added",
        "address",
        "answer",
        "base",
        "body",
        "cache_slot",
        "charge",
        "claim",
        "headers",
        "method",
        "operation",
        "parameters",
        "path",
        "principal",
        "refusal",
        "request_id",
        "sent",
        "status",
        "trace_id",
        "waited",
        "warnings",
    )

    def __init__(self, scope: Scope, request_id: str, trace_id: str, address: str, base: str = "") -> None:
        self.accepted_at = time.perf_counter()
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.request_id = request_id
        self.trace_id = trace_id
        self.address = address
        self.base = base
        self.operation: Operation | None = None
        self.parameters: dict[str, str] = NO_PARAMETERS
        self.principal: Principal = ANONYMOUS
        self.refusal: Exception | None = None
        self.charge: Charge | None = None
        self.claim: Any = None
        self.cache_slot: Any = None
        self.answer: Any = None
        self.body: bytes | None = None
        self.added: Headers = []
        self.warnings: list[str] = []
        self.waited = 0.0
        self.status = 0
        self.sent = 0

    def who(self) -> tuple[str, str]:
        principal = self.principal
        return principal.id, str(principal.tenant)

    def sending(self, send: Send) -> Send:
        """A `send` that adds the gathered headers to the answer and counts what leaves."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.body":
                self.sent += len(message.get("body", b""))
            elif message["type"] == "http.response.start":
                self.status = message["status"]
                headers = [*message["headers"], *self.added]
                if self.charge is not None:
                    headers += self.charge.fields()
                message["headers"] = headers
            await send(message)

        return counted


def exchange_of(scope: Scope) -> Exchange:
    """The exchange that the gate's first step put into the scope."""
    found: Exchange = scope[KEY]
    return found


def present() -> Exchange:
    """The exchange of the running task. Raises `RuntimeError` outside a request."""
    found = current.get()
    if not isinstance(found, Exchange):
        raise RuntimeError("there is no request here")
    return found


def replaying(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, then what the connection has to say."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
