"""The command `esteio`. Commands are loaded when they are called, so that each costs only what it needs."""

from esteio.cli.main import main

__all__ = ["main"]
