"""The ASGI application: routes of the services and of the platform behind the gate."""

from esteio.app.assembly import Esteio, create_app

__all__ = ["Esteio", "create_app"]
