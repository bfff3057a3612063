"""Everything of one run: the engines, and each app that the chosen points need, started once and kept to the end."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench import engines as engines_module
from bench import load, subject
from bench.engines import Engines
from bench.peers import catalogue
from bench.points import Target
from bench.servers import App, serving

SHOP = App("shop", ("-m", "esteio", "standin", "fakestore", "--port", "{port}"))
COLLECTOR = App("collector", ("-m", "bench.collector", "--port", "{port}"))


@dataclass
class House:
    engines: Engines
    targets: dict[str, Target]


@contextmanager
def opened(wanted: set[str]) -> Iterator[House]:
    """Starts the wanted apps; an app that is not known is left out, and its points with it."""
    with ExitStack() as stack:
        engines = stack.enter_context(engines_module.running())
        shop = _outside(stack, engines, SHOP) if "esteio-store" in wanted else ""
        collector = _outside(stack, engines, COLLECTOR) if "esteio-traced" in wanted else ""
        own = subject.apps(engines, wanted, shop, collector)
        apps = [app for app in (*catalogue.apps(engines), *own) if app.name in wanted]
        targets = {}
        for app in apps:
            server = stack.enter_context(serving(app, engines.directory, _environment()))
            targets[app.name] = Target(server, app.keys)
        yield House(engines, targets)


def _outside(stack: ExitStack, engines: Engines, app: App) -> str:
    """Where a stand-in of somebody outside answers."""
    server = stack.enter_context(serving(app, engines.directory, _environment()))
    return f"http://{load.HOST}:{server.port}"


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ESTEIO_")}
