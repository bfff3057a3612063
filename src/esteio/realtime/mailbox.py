"""What waits for a connection that is not ready to take it."""

import asyncio
from collections import deque

from esteio.realtime.messages import Message


class Mailbox:
    """Bounded in messages and bytes; one reader."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self.closed = False
        self._most = most
        self._most_bytes = most_bytes
        self._waiting: deque[Message] = deque()
        self._bytes = 0
        self._more = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: Message) -> bool:
        """Add it, unless that would be more than may wait."""
        if len(self._waiting) >= self._most or self._bytes + len(message.text) > self._most_bytes:
            return False
        self.add(message)
        return True

    def add(self, message: Message) -> None:
        """Add it whatever waits: for what is bounded elsewhere. Harmless once the mailbox is closed."""
        if not self.closed:
            self._waiting.append(message)
            self._bytes += len(message.text)
            self._more.set()

    async def take(self) -> Message | None:
        """The oldest message, once there is one; `None` when the mailbox is closed."""
        while not self._waiting and not self.closed:
            self._more.clear()
            await self._more.wait()
        if self.closed:
            return None
        message = self._waiting.popleft()
        self._bytes -= len(message.text)
        return message

    def close(self) -> None:
        """Drop what waits: who is cut off resumes from what arrived."""
        self.closed = True
        self._waiting.clear()
        self._bytes = 0
        self._more.set()
