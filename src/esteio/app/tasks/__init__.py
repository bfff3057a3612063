"""The API of tasks: what was accepted to be done later, how far it is, what came of it."""

from esteio.app.tasks.routes import PERMISSIONS, plain, router

__all__ = ["PERMISSIONS", "plain", "router"]
