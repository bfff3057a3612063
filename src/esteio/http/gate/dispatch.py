"""Last step: the operation itself, with a body that was checked and within its time."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from esteio.base.deadlines import Deadline, Deadlines
from esteio.base.errors import (
    MethodNotAllowed,
    NotFound,
    PreconditionRequired,
    TimedOut,
    Unavailable,
    UnsupportedMediaType,
)
from esteio.http.exchange import Exchange, exchange_of, replaying
from esteio.http.gate.bounds import check_json, read_body
from esteio.http.settings import HttpSettings
from esteio.http.spans import end


class Dispatch:
    """Calls the operation that the route table found. 404, 405, 415, 428 and 504 come from here.

    Past `max_running` operations at once it answers 503 without beginning another: what is admitted is finished in
    time, and whoever is not learns it at once. Probes are never shed.
    """

    def __init__(self, app: ASGIApp, *, settings: HttpSettings) -> None:
        self.app = app
        self._settings = settings
        self._deadlines = Deadlines()
        self.running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        operation = exchange.operation
        if operation is None:
            if exchange.method == "OPTIONS" and scope["allowed_methods"]:
                await _tell_methods(scope, send)
                return
            raise _no_operation(scope)
        if operation.rules.precondition == "required" and b"if-match" not in exchange.headers:
            raise PreconditionRequired
        if operation.takes_json:
            receive = await self._checked_body(exchange, receive)
        scope["app"] = self.app
        scope["path_params"] = exchange.parameters
        if self.running >= self._settings.max_running and not operation.rules.quiet:
            raise Unavailable("There is too much to do at the moment.", retry_after=1)
        budget = self._deadlines.within(operation.rules.time_budget or self._settings.time_budget)
        place = _Place(self)
        try:
            with budget:
                if operation.rules.streams:
                    send = self._letting_go(exchange, send, budget, place)
                await operation.app(scope, receive, send)
        except TimeoutError as error:
            if not budget.expired:
                raise
            raise TimedOut(operator=f"{operation.method} {operation.path} exceeded its time budget") from error
        finally:
            place.leave()

    def _letting_go(self, exchange: Exchange, send: Send, budget: Deadline, place: "_Place") -> Send:
        """A `send` with which the answer's beginning ends the time budget and the span, and gives the place up.

        How much of what streams there may be, and how slow, is for the operation to bound.
        """

        async def begin(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._deadlines.discard(budget)
                place.leave()
            await send(message)
            if exchange.span is not None and message["type"] == "http.response.start":
                end(exchange)

        return begin

    async def _checked_body(self, exchange: Exchange, receive: Receive) -> Receive:
        body = await read_body(exchange, receive)
        if body:
            if not _is_json(exchange.headers.get(b"content-type", b"")):
                raise UnsupportedMediaType
            check_json(body, max_depth=self._settings.json_depth, max_members=self._settings.json_members)
        return replaying(body, receive)


class _Place:
    """One of the places among what runs, from now until it is left for the first time."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch: Dispatch | None = dispatch
        dispatch.running += 1

    def leave(self) -> None:
        if self._dispatch is not None:
            self._dispatch.running -= 1
            self._dispatch = None


async def _tell_methods(scope: Scope, send: Send) -> None:
    allow = ", ".join(scope["allowed_methods"]).encode()
    headers = [(b"allow", allow), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _no_operation(scope: Scope) -> Exception:
    allowed = scope["allowed_methods"]
    if allowed:
        return MethodNotAllowed(headers={"Allow": ", ".join(allowed)})
    return NotFound()


def _is_json(content_type: bytes) -> bool:
    essence = content_type.partition(b";")[0].strip().lower()
    return essence == b"application/json" or (essence.startswith(b"application/") and essence.endswith(b"+json"))
