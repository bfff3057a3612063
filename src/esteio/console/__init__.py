"""The pages that a browser runs: built from `console/`, sent as they were built, clients of the public API alone."""

from esteio.console.routes import PUBLIC, console_router
from esteio.console.shells import Shells

__all__ = ["PUBLIC", "Shells", "console_router"]
