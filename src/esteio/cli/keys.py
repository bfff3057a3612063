"""`esteio keys`: API keys from the command line."""

import click
import orjson
from pydantic import ValidationError

from esteio.auth import administration
from esteio.auth.parts import Auth
from esteio.auth.schemas import KeyView, NewKey
from esteio.base.errors import StartRefused
from esteio.cli.house import with_auth


@click.group()
def keys() -> None:
    """API keys of a tenant."""


@keys.command("create")
@click.option("--name", required=True, help="What the key is for")
@click.option("--scopes", required=True, help="Permissions, separated by commas or blanks: pets:write,pets:delete")
@click.option("--plan", help="Plan whose limit the key is charged to")
@click.option("--test", is_flag=True, help="Make an est_test_ key")
@click.option("--tenant", help="Slug of the tenant; the default one unless said")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object")
def create(name: str, scopes: str, plan: str | None, test: bool, tenant: str | None, as_json: bool) -> None:
    """Create a key. Its text is printed once and kept nowhere."""
    try:
        data = NewKey(name=name, scopes=scopes.replace(",", " ").split(), plan=plan, test=test)
    except ValidationError as error:
        first = error.errors()[0]
        raise StartRefused(f"--{first['loc'][0]}: {first['msg']}.") from error

    async def make(auth: Auth) -> tuple[KeyView, str]:
        where = await administration.tenant_named(auth, tenant)
        made = await administration.create_key(auth, data, tenant=where)
        return made, made.key

    made, text = with_auth(make)
    click.echo(orjson.dumps({"id": str(made.id), "name": made.name, "key": text}) if as_json else text)


@keys.command("list")
@click.option("--tenant", help="Slug of the tenant; the default one unless said")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array")
def list_keys(tenant: str | None, as_json: bool) -> None:
    """List keys, the newest first; never their texts."""

    async def read(auth: Auth) -> list[KeyView]:
        return await administration.list_keys(auth, tenant=await administration.tenant_named(auth, tenant))

    found = with_auth(read)
    if as_json:
        click.echo(orjson.dumps([key.model_dump(mode="json") for key in found]))
        return
    for key in found:
        state = "revoked" if key.revoked_at else "enabled" if key.enabled else "disabled"
        click.echo(f"{key.public_id}  …{key.last_four}  {state:<8}  {key.name}  {' '.join(key.scopes)}")


@keys.command("revoke")
@click.argument("key")
@click.option("--tenant", help="Slug of the tenant; the default one unless said")
def revoke(key: str, tenant: str | None) -> None:
    """Revoke the key of this id (`key_…` or UUID), in every process within a moment and for good."""

    async def end(auth: Auth) -> KeyView:
        where = await administration.tenant_named(auth, tenant)
        return await administration.revoke_key(auth, key, tenant=where)

    revoked = with_auth(end)
    click.echo(f"{revoked.public_id} ({revoked.name}) is revoked.")
