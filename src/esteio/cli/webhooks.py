"""`esteio webhooks`: for developers, who have no public address to be told at, and to look after deliveries."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import click
import httpx
import orjson

from esteio.cli.hearing import Heard, Hearing, Refused
from esteio.webhooks.messages import body_of, wants
from esteio.webhooks.signing import SigningSecret, shared_secret, signed_headers

DELIVERIES = "/api/v2/webhooks/deliveries"

_API = click.option("--api", default="http://127.0.0.1:8000", show_default=True, help="Where the API is")
_KEY = click.option(
    "--api-key",
    envvar="ESTEIO_AUTH__API_KEY",
    required=True,
    help="Key with webhooks:read, for replay webhooks:write; read from ESTEIO_AUTH__API_KEY too",
)


@click.group()
def webhooks() -> None:
    """Hear a tenant's facts on this machine; list deliveries and replay them."""


@webhooks.command("listen")
@click.option("--forward", required=True, help="URL that is sent every webhook: http://localhost:3000/hook")
@click.option("--events", default="*", show_default=True, help="Which, separated by commas: pet.fed,task.*")
@click.option("--secret", help="whsec_… to sign with; a new one is made and printed unless said")
@click.option("--since", default="", help="Last-Event-ID to go on after, as the last line of an earlier run printed it")
@_API
@_KEY
def listen(forward: str, events: str, secret: str | None, since: str, api: str, api_key: str) -> None:
    """Send what becomes true to a URL of this machine, signed as the house signs, until interrupted."""
    try:
        signing = shared_secret(secret) if secret else SigningSecret.new("v1")
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--secret") from error
    patterns = [name.strip() for name in events.split(",") if name.strip()]
    hearing = Hearing(api, api_key, since)
    click.echo(f"Signing with {signing.shown}")
    try:
        asyncio.run(_forward(hearing, forward, patterns, signing))
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except KeyboardInterrupt:
        click.echo(f"To go on from here: --since '{hearing.since}'")


async def _forward(hearing: Hearing, url: str, patterns: list[str], signing: SigningSecret) -> None:
    # The developer's own machine is called: neither proxies nor the guard of what callers name have a say.
    async with httpx.AsyncClient(trust_env=False, timeout=15) as client:
        click.echo(f"Listening for {', '.join(patterns)}; sending to {url}")
        async for heard in hearing.facts():
            if wants(patterns, heard.event):
                click.echo(await _send(client, url, heard, signing))


async def _send(client: httpx.AsyncClient, url: str, heard: Heard, signing: SigningSecret) -> str:
    """What came of it, as a line."""
    body = body_of(heard.event, heard.occurred_at, orjson.dumps(heard.data), heard.subject)
    headers = {"content-type": "application/json"}
    headers |= signed_headers(heard.message, int(time.time()), body, [signing])
    began = time.monotonic()
    try:
        came = str((await client.post(url, content=body, headers=headers)).status_code)
    except httpx.HTTPError as error:
        came = type(error).__name__
    milliseconds = (time.monotonic() - began) * 1000
    return f"{heard.occurred_at:%H:%M:%S}  {heard.event}  {heard.message}  {came}  {milliseconds:.0f} ms"


@webhooks.command("list")
@click.option("--state", type=click.Choice(["pending", "delivered", "failed"]), help="Only those in this state")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100), help="How many at most")
@_API
@_KEY
def list_deliveries(state: str | None, limit: int, api: str, api_key: str) -> None:
    """List deliveries, the newest first."""
    params = {"limit": limit} | ({"state": state} if state else {})
    for one in _asked(api, api_key, "GET", DELIVERIES, params=params):
        last = one["last_status"] or one["last_error"] or ""
        click.echo(f"{one['id']}  {one['state']:<9}  {one['attempts']:>2}  {one['created_at']}  {one['event']}  {last}")


@webhooks.command("replay")
@click.argument("delivery", type=click.UUID)
@_API
@_KEY
def replay(delivery: Any, api: str, api_key: str) -> None:
    """Send a delivery once more."""
    one = _asked(api, api_key, "POST", f"{DELIVERIES}/{delivery}/replay")
    click.echo(f"{one['id']} is {one['state']}.")


def _asked(api: str, api_key: str, method: str, path: str, **options: Any) -> Any:
    """What the API answers; what it refuses is said in its own words."""
    try:
        answer = httpx.request(method, api + path, headers={"X-API-Key": api_key}, timeout=15, **options)
    except httpx.HTTPError as error:
        raise click.ClickException(f"{api} cannot be reached: {error}") from error
    said: dict[str, Any] = {}
    with suppress(ValueError):
        said = answer.json()
    if not answer.is_success:
        raise click.ClickException(said.get("detail") or f"the API answered {answer.status_code}")
    return said["data"]
