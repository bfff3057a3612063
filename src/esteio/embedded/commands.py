"""The commands `esteio up` runs on its engines: migrate, bootstrap, serve, then what works in the background."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from esteio.embedded.address import Address
from esteio.embedded.child import Child, Program
from esteio.embedded.children import Children
from esteio.embedded.patience import Pause, until
from esteio.embedded.refusals import ExitCode, Refused
from esteio.embedded.stand_ins import Place, StandIn

MIGRATE_SECONDS = 3600.0
BOOTSTRAP_SECONDS = 60.0
DEMO_SECONDS = 120.0
READY_SECONDS = 60.0
READY_GLANCE = 0.05
SERVE_GRACE = 30.0
WORKER_GRACE = 30.0
SCHEDULER_GRACE = 12.0


@dataclass(frozen=True)
class Commands:
    """What brings the database up to date, makes the first administrator (printing JSON), and serves the API.

    worker, scheduler: what does things later; a house may have none. stand_ins: parties outside that are played here.
    demo: puts samples into the migrated database. revisions: a digest of what `migrate` applies; where the data
    directory's own database has had the same, it is not run.
    """

    migrate: tuple[str, ...]
    bootstrap: tuple[str, ...]
    serve: tuple[str, ...]
    worker: tuple[str, ...] | None = None
    scheduler: tuple[str, ...] | None = None
    stand_ins: tuple[StandIn, ...] = ()
    demo: tuple[str, ...] | None = None
    revisions: str = ""


@dataclass(frozen=True)
class Performance:
    """Runs the commands as children that share the terminal and the lifeline, a pipe that ends when we do."""

    commands: Commands
    environment: Mapping[str, str]
    lifeline: int
    children: Children
    pause: Pause
    rest: Pause

    def migrate(self) -> None:
        child = self.children.run(self._program("esteio migrate", self.commands.migrate), MIGRATE_SECONDS, self.pause)
        if child.ended != 0:
            raise Refused(f"The migrations failed (exit {child.ended}); what they said is above.", ExitCode.FAILED)

    def bootstrap(self) -> dict[str, str]:
        """The first administrator's credentials; empty when there was an administrator already.

        A stop asked for meanwhile waits for it: what it made is told now or never.
        """
        program = self._program("esteio bootstrap", self.commands.bootstrap, heard=True)
        child = self.children.run(program, BOOTSTRAP_SECONDS, self.rest)
        try:
            if child.ended == 0:
                return dict(json.loads(child.output()))
        except ValueError:
            pass
        raise Refused(f"The first administrator could not be made (exit {child.ended}).", ExitCode.FAILED)

    def demonstrate(self) -> str:
        """Runs what puts samples in; answers what there is to say, which is nothing where all went well."""
        if self.commands.demo is None:
            return ""
        program = self._program("The samples", self.commands.demo)
        child = self.children.run(program, DEMO_SECONDS, self.pause)
        return "" if child.ended == 0 else f"The samples could not be put in (exit {child.ended}); the house goes on."

    def stand_in(self, part: StandIn, place: Place, log: Path) -> None:
        """Start a party that is played here. It is not waited for: who calls it has its ways with one that is away."""
        program = self._program(f"The stand-in for {part.name}", part.command(place))
        self.children.start(replace(program, log=log))

    def serve(self, address: Address) -> Child:
        """The API's process, ready at the address."""
        child = self.children.start(self._program("The API", self.commands.serve, grace=SERVE_GRACE))
        ready = until(lambda: child.gone() or address.answers("/readyz"), READY_SECONDS, self.pause, READY_GLANCE)
        if child.gone():
            raise Refused(f"The API ended (exit {child.ended}); what it said is above.", ExitCode.FAILED)
        if not ready:
            raise Refused(f"The API was not ready within {READY_SECONDS:.0f} s.", ExitCode.FAILED)
        return child

    def work(self, api: Child) -> None:
        """Start what works in the background; it is not waited for, and ends after the API, the worker last."""
        if self.commands.worker is not None:
            program = self._program("The worker", self.commands.worker, grace=WORKER_GRACE)
            self.children.start(program, outlives=api)
        if self.commands.scheduler is not None:
            program = self._program("The scheduler", self.commands.scheduler, grace=SCHEDULER_GRACE)
            self.children.start(program, outlives=api)

    def _program(self, name: str, command: tuple[str, ...], *, heard: bool = False, grace: float = 5.0) -> Program:
        inherited = (self.lifeline,)
        return Program(name, command, self.environment, heard=heard, inherited=inherited, grace=grace)
