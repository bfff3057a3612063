"""One request and its answer, as the steps of the gate share them."""

import time
from collections.abc import Generator, Iterable, Sequence
from typing import Any, Protocol

from starlette.types import Message, Receive, Scope, Send

from esteio.base.errors import EsteioError
from esteio.base.principal import ANONYMOUS, Principal
from esteio.http.routing import NO_PARAMETERS, Operation
from esteio.telemetry.context import current
from esteio.telemetry.tracing.span import Span

KEY = "esteio"
Header = tuple[bytes, bytes]
Headers = list[Header]
BODILESS = (204, 304)


class Charge(Protocol):
    """What the request was charged. Its fields are written when the answer begins."""

    def fields(self) -> Headers:
        """How the caller stands with the limits, as header fields."""
        ...

    def give_back(self) -> None:
        """Uncharge the request; harmless when repeated."""
        ...


class Manner(Protocol):
    """Somebody else's contract: how the operations that name it (`rules(manner=…)`) refuse, and what is noted of them.

    A manifest says how each of its manners is made from the service's settings. The gate does everything else as it
    does for any operation.
    """

    def bars(self, exchange: "Exchange") -> EsteioError | None:
        """A refusal that comes before anybody is asked who they are, as that of an address; `None` for none."""
        ...

    def reply(self, refusal: EsteioError, exchange: "Exchange") -> "Reply":
        """The answer that tells a refusal or failure. Nothing of its cause but its words may leave."""
        ...

    def ended(self, exchange: "Exchange", seconds: float) -> None:
        """The answer, whichever it was, has left after so long. Must neither wait nor fail."""
        ...


class Exchange:
    """What is known of a request. Each step of the gate adds its part; the answer's headers gather in `added`."""

    operation: Operation | None = None
    parameters: dict[str, str] = NO_PARAMETERS
    principal: Principal = ANONYMOUS
    refusal: Exception | None = None
    charge: Charge | None = None
    manner: "Manner | None" = None
    claim: Any = None
    allowance: Any = None
    answer: Any = None
    body: bytes | None = None
    warnings: Sequence[str] = ()
    span: Span | None = None
    span_id = ""
    waited = 0.0
    status = 0
    sent = 0

    def __init__(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        request_id: str,
        trace_id: str,
        address: str,
        base: str,
        send: Send,
    ) -> None:
        self.accepted_at = time.perf_counter()
        self.headers = headers
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.request_id = request_id
        self.trace_id = trace_id
        self.address = address
        self.base = base
        self.added: Headers = [(b"x-request-id", request_id.encode())]
        self._send = send

    def who(self) -> tuple[str, str]:
        principal = self.principal
        return principal.id, principal.tenant_text

    def replace_policy(self, policy: bytes) -> None:
        """Let the answer have this Content-Security-Policy instead of the one of its kind."""
        name = b"content-security-policy"
        self.added = [(key, policy if key == name else value) for key, value in self.added]

    async def send(self, message: Message) -> None:
        """The `send` of ASGI. It adds the gathered headers to the answer and counts what leaves."""
        if message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        elif message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._with_gathered(message["headers"])
        await self._send(message)

    def reply(self, status: int, headers: Iterable[Header], body: bytes = b"") -> "Reply":
        """A whole answer, to be awaited: with the gathered headers and its length, which a 204 and a 304 lack."""
        self.status, self.sent = status, len(body)
        whole = self._with_gathered(headers)
        if status not in BODILESS:
            whole.append((b"content-length", b"%d" % len(body)))
        return Reply(status, whole, body, self._send)

    def _with_gathered(self, headers: Iterable[Header]) -> Headers:
        if self.charge is None:
            return [*headers, *self.added]
        return [*headers, *self.added, *self.charge.fields()]


class Reply:
    """A whole answer that is ready. Awaited, it sends itself; a server that knows it may write it at once.

    Its headers state the body's length, where it has one, and nothing else of how it is framed.
    """

    __slots__ = ("_send", "body", "headers", "status")

    def __init__(self, status: int, headers: Headers, body: bytes, send: Send) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self._send = send

    def __await__(self) -> Generator[Any, None, None]:
        yield from self._send(
            {"type": "http.response.start", "status": self.status, "headers": self.headers}
        ).__await__()
        yield from self._send({"type": "http.response.body", "body": self.body}).__await__()


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
