"""Hearing a tenant's facts over the API: server-sent events that are resumed where they were cut off."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import click
import httpx
import orjson

from esteio.webhooks.messages import message_id

STREAM = "/api/v2/stream"
CHANNEL = "events"
AGAIN = 1.0
SILENCE = 120.0
"""Seconds without a sign of life after which the connection counts as lost; heartbeats come far more often."""


class Refused(Exception):
    """The API does not let the caller listen; the words are its own."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact as the stream tells it."""

    event: str
    message: str
    subject: str
    occurred_at: datetime
    data: Any


class Hearing:
    """`since` is where it stands: the id of the last event that whoever hears was done with."""

    def __init__(self, api: str, api_key: str, since: str = "") -> None:
        self._api = api.rstrip("/")
        self._key = api_key
        self.since = since

    async def facts(self) -> AsyncIterator[Heard]:
        """Every fact from now on, or from `since`; a stream that ends is taken up again. Raises `Refused`."""
        timeout = httpx.Timeout(10, read=SILENCE)
        async with httpx.AsyncClient(base_url=self._api, headers={"X-API-Key": self._key}, timeout=timeout) as client:
            while True:
                try:
                    async for heard in self._once(client):
                        yield heard
                except httpx.HTTPError as error:
                    click.echo(f"The stream was cut off ({type(error).__name__}); going on.", err=True)
                await asyncio.sleep(AGAIN)

    async def _once(self, client: httpx.AsyncClient) -> AsyncIterator[Heard]:
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": self.since} if self.since else {})}
        async with client.stream("GET", STREAM, params={"channels": CHANNEL}, headers=headers) as answer:
            if answer.status_code >= 500 or answer.status_code == 429:
                raise httpx.ReadError(f"{answer.status_code}")
            if answer.status_code != 200:
                raise Refused(_words(await answer.aread(), answer.status_code))
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                    continue
                heard = _heard(fields)
                if heard is not None:
                    yield heard
                # Only now: a fact over which whoever hears was interrupted is told again the next time.
                self.since = fields.get("id", self.since)
                fields = {}


def _heard(fields: dict[str, str]) -> Heard | None:
    """The fact of an event's fields, if it is one. Where there is a gap, that is said."""
    kind = fields.get("event", "event")
    if kind == "gap":
        click.echo("Some facts are no longer known to the stream: there is a gap here.", err=True)
    if kind != "event" or "data" not in fields:
        return None
    said = orjson.loads(fields["data"])
    return Heard(
        event=said["event"],
        message=message_id(UUID(said["id"])),
        subject=said["subject"],
        occurred_at=datetime.fromisoformat(said["occurred_at"]),
        data=said["data"],
    )


def _words(body: bytes, status: int) -> str:
    try:
        words: str = orjson.loads(body)["detail"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"the API answered {status}"
    return words
