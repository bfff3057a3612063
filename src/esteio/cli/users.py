"""`esteio users` and the first administrator."""

import sys

import click
import orjson
from pydantic import ValidationError

from esteio.auth import administration
from esteio.auth.parts import Auth
from esteio.auth.permissions import ADMIN, USER
from esteio.base.errors import StartRefused
from esteio.cli.house import with_auth


@click.group()
def users() -> None:
    """Users of the deployment."""


@users.command("create")
@click.option("--email", required=True, help="Address that the user logs in with")
@click.option("--admin", is_flag=True, help="Give the role admin: every permission of the tenant")
@click.option("--name", default="", help="Shown name; the address's first part unless said")
@click.option("--tenant", help="Slug of the tenant; the default one unless said")
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input")
def create(email: str, admin: bool, name: str, tenant: str | None, password_stdin: bool) -> None:
    """Create a user. The password is read from standard input, so that no process list shows it."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise StartRefused("There was no password on standard input.")

    async def make(auth: Auth) -> str:
        where = await administration.tenant_named(auth, tenant)
        roles = [ADMIN if admin else USER]
        made = await administration.create_user(
            auth, email=email, password=password, name=name, roles=roles, tenant=where
        )
        return f"{made.email} can log in now ({', '.join(made.roles)})."

    try:
        click.echo(with_auth(make))
    except ValidationError as error:
        first = error.errors()[0]
        raise StartRefused(f"{first['loc'][0]}: {first['msg']}.") from error


@users.command("reset-password")
@click.argument("email")
def reset_password(email: str) -> None:
    """Print a link that sets a new password for the account of EMAIL: once, and for an hour unless set otherwise.

    Whoever has the link has the account: hand it over as you would a password. Links that were given before end.
    """
    click.echo(with_auth(lambda auth: administration.reset_link(auth, email)))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output")
def bootstrap(as_json: bool) -> None:
    """Make the first administrator and a first API key; once there is an administrator, nothing."""
    made = with_auth(administration.bootstrap)
    said = {} if made is None else {"email": made.email, "password": made.password, "api_key": made.api_key}
    if as_json:
        click.echo(orjson.dumps(said))
        return
    for name, value in said.items():
        click.echo(f"{name}: {value}")
