"""The list of commands, and what all of them do with a refusal."""

import importlib
import os
import sys

import click

from esteio import __version__
from esteio.base import collector
from esteio.base.errors import EsteioError, StartRefused

REFUSED = 2
FAILED = 1

COMMANDS = {
    "up": ("esteio.cli.up", "up", "Run the whole house on this machine: PostgreSQL, Valkey, API, worker, scheduler"),
    "serve": ("esteio.cli.serve", "serve", "Run the API"),
    "worker": ("esteio.cli.worker", "worker", "Run jobs"),
    "scheduler": ("esteio.cli.scheduler", "scheduler", "Carry jobs to workers, fire schedules, tell facts"),
    "jobs": ("esteio.cli.jobs", "jobs", "List, show, retry and cancel jobs"),
    "webhooks": ("esteio.cli.webhooks", "webhooks", "Hear, list and replay webhooks"),
    "doctor": ("esteio.cli.doctor", "doctor", "Say what would be wrong in production, why, and what to do"),
    "backup": ("esteio.cli.backup", "backup", "Make, list, check and remove backups"),
    "restore": ("esteio.cli.restore", "restore", "Restore a backup into an empty database"),
    "migrate": ("esteio.cli.migrate", "migrate", "Bring the database to this release"),
    "users": ("esteio.cli.users", "users", "Create users"),
    "keys": ("esteio.cli.keys", "keys", "Create, list and revoke API keys"),
    "standin": ("esteio.cli.standin", "standin", "Play a party outside on this machine, with faults to switch"),
    "openapi": ("esteio.cli.openapi", "openapi", "Print an OpenAPI document"),
    "check-config": ("esteio.cli.check_config", "check_config", "Read the settings and say what is wrong with them"),
    "bootstrap": ("esteio.cli.users", "bootstrap", "Make the first administrator and API key, once"),
}
_HIDDEN = frozenset({"bootstrap"})


class Commands(click.Group):
    """Imports a command's module when it is called; only the help imports the services, for what they bring along."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*(name for name in COMMANDS if name not in _HIDDEN), *_of_services()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module, attribute, _ = COMMANDS[cmd_name]
        elif cmd_name in (own := _of_services()):
            module, _, attribute = own[cmd_name].partition(":")
            ctx.obj = _desk()
        else:
            return None
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, _, words) in COMMANDS.items() if name not in _HIDDEN])
        if own := _of_services():
            with formatter.section("Commands of services"):
                formatter.write_dl([(name, self._words(ctx, name)) for name in own])

    def _words(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str() if command else ""


def _of_services() -> dict[str, str]:
    """Name → place of the commands that the shipped services bring along; they are imported when they are asked for."""
    catalog = importlib.import_module("esteio.catalog")
    return {manifest.name: manifest.command for manifest in catalog.SHIPPED if manifest.command}


def _desk() -> object:
    return importlib.import_module("esteio.cli.desk").HouseDesk()


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="esteio")
def cli() -> None:
    """Esteio: the production layer of a FastAPI product, and products standing on it."""


def main() -> None:
    """Run a command. What refuses to start says so in one sentence and ends with 2, what fails with 1."""
    collector.starting()
    try:
        cli.main(prog_name="esteio", standalone_mode=True)
    except SystemExit as ended:
        _leave(ended)
    except StartRefused as refusal:
        click.echo(f"esteio: {refusal}", err=True)
        _leave(SystemExit(REFUSED))
    except EsteioError as error:
        click.echo(f"esteio: {_words(error)}", err=True)
        _leave(SystemExit(FAILED))
    except Exception as error:
        # What writes lines is imported when there is one to write.
        importlib.import_module("esteio.cli.failed").tell(error, next(iter(sys.argv[1:]), ""))
        _leave(SystemExit(FAILED))


def _leave(ended: SystemExit) -> None:
    """End the process. Threads of the store's driver at work would abort an interpreter that ends."""
    if "esteio.cli.backup" not in sys.modules or not isinstance(ended.code, (int, type(None))):
        raise ended
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ended.code or 0)


def _words(error: EsteioError) -> str:
    found = [item.message for item in error.errors if item.message != error.detail]
    return " ".join(found or [error.detail]) + (f" ({error.operator})" if error.operator else "")
