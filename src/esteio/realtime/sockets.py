"""A WebSocket: commands in, messages out."""

import asyncio
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Message as Event
from starlette.types import Receive, Scope, Send

from esteio.base.errors import BadRequest, Conflict, EsteioError, Internal, MalformedJson
from esteio.base.principal import Principal
from esteio.http.answers import dumps
from esteio.http.exchange import exchange_of
from esteio.realtime.commands import Command, command_of
from esteio.realtime.credentials import Credential
from esteio.realtime.gate import Handshake
from esteio.realtime.listener import NO_BINARY, NO_JSON, POLICY, Listener
from esteio.realtime.messages import Message, note, refusal
from esteio.realtime.parts import Realtime
from esteio.telemetry.logs import log

STRIKES = 5
"""Messages that cannot be understood or are too many, before the connection is closed."""

FRAMES = "esteio.frames"
"""What the house's own server offers in the scope: a way to write a whole frame at once."""


class Socket(Listener):
    """One connection from its handshake to its close.

    Its commands are read one after the other, and none while answers wait to be taken: who does not read is not heard.
    """

    def __init__(self, realtime: Realtime, principal: Principal, address: str, scope: Scope, send: Send) -> None:
        write = scope.get("extensions", {}).get(FRAMES)
        super().__init__(principal, address, realtime.settings, write)
        self._realtime = realtime
        self._send = send
        self._strikes = 0
        self._quiet = asyncio.Event()

    async def converse(self, receive: Receive) -> None:
        """Until either side ends it."""
        self._begin()
        writing = asyncio.create_task(self._write_on())
        try:
            while (event := await receive())["type"] != "websocket.disconnect":
                await self._hear(event)
                while self.busy and not writing.done():
                    await self._quiet.wait()
        except asyncio.CancelledError:
            if not self._gave_up():
                raise
        finally:
            self._finish()
            writing.cancel()
            await asyncio.wait((writing,))
            await self._farewell()

    def _emptied(self) -> None:
        super()._emptied()
        self._quiet.set()

    async def _write_on(self) -> None:
        try:
            while (message := await self.mailbox.take()) is not None:
                self._quiet.clear()
                await self._send({"type": "websocket.send", "text": message.text.decode()})
                if not self.mailbox:
                    self._emptied()
            await self._farewell()
        except OSError:
            return  # the other side has gone, as the reading side is told too
        finally:
            self._quiet.set()

    async def _farewell(self) -> None:
        """Close with the code that was chosen; harmless when it is closed already."""
        if self.ended is not None:
            code, reason = self.ended
            with suppress(Exception):
                async with asyncio.timeout(1):
                    await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _hear(self, event: Event) -> None:
        text = event.get("text")
        if text is None:
            self._strike(BadRequest("Messages are text."), NO_BINARY)
            return
        try:
            await self._realtime.charge(self.principal, self.address)
            command = command_of(text)
        except EsteioError as error:
            self._strike(error, NO_JSON if isinstance(error, MalformedJson) else POLICY)
            return
        self._strikes = 0
        try:
            await self._obey(command)
        except EsteioError as error:
            self.replay(refusal(error, command.channel or None))
        except Exception:
            log("esteio.realtime").exception("socket.command_failed", command=command.kind)
            self.replay(refusal(Internal(), command.channel or None))

    def _strike(self, error: EsteioError, code: int) -> None:
        self._strikes += 1
        if self._strikes >= STRIKES:
            self.end(code, error.errors[0].message[:100])
        else:
            self.replay(refusal(error))

    async def _obey(self, command: Command) -> None:
        match command.kind:
            case "ping":
                self.replay(note("pong"))
            case "echo":
                self.replay(Message("echo", dumps(command.said)))
            case "subscribe":
                await self._subscribe(command)
            case "unsubscribe":
                self._realtime.hub.leave(self, command.channel)
                self.replay(note("unsubscribed", channel=command.channel))

    async def _subscribe(self, command: Command) -> None:
        most, mine = self._realtime.settings.subscriptions, self._realtime.hub.heard_by(self)
        if command.channel in mine:
            raise Conflict("This channel is subscribed already.")
        if len(mine) >= most:
            raise Conflict(f"A connection may subscribe to {most} channels.")
        await self._realtime.admission.admit(self.principal, command.channel)
        await self._realtime.hub.join(self, command.channel, command.since)


class Upgrade(Response):
    """The answer that is a socket."""

    def __init__(
        self, realtime: Realtime, handshake: Handshake, principal: Principal, credential: Credential | None
    ) -> None:
        self.status_code = 101
        self.background = None
        self.raw_headers = []
        self._realtime = realtime
        self._handshake = handshake
        self._principal = principal
        self._credential = credential

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address, handshake = exchange_of(scope).address, self._handshake
        socket = Socket(self._realtime, self._principal, address, handshake.scope, handshake.send)
        with self._realtime.listening(socket, "socket", self._credential):
            await send({"type": "http.response.start", "status": 101, "headers": []})
            await socket.converse(handshake.receive)
