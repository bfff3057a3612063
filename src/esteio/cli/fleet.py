"""Processes of one kind: started, replaced when they die or hang, renewed one by one, ended together."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

from esteio.cli.pulse import Heard
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import PLACE, forget_process
from esteio.telemetry.notices import Notices

_START_WITHIN = 120.0
"""Seconds that a worker may be silent before it has started, however soon one that hangs is ended."""

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_STEADY_AFTER = 30.0
_LOOK_EVERY = 1.0
REFUSED = 2


class Worker:
    """One process that works. `ended` gives its exit code, `replaced` is set once its place has another."""

    def __init__(self, process: asyncio.subprocess.Process, heard: Heard, ended: "asyncio.Task[int]") -> None:
        self.process = process
        self.heard = heard
        self.ended = ended
        self.replaced = asyncio.Event()
        self.begun = heard.last
        self.leaving = False

    @property
    def answers(self) -> bool:
        return self.heard.came and not self.ended.done()

    def silent_too_long(self, now: float, bound: float) -> bool:
        """A worker that was told to end has its own bound."""
        if self.leaving or self.ended.done() or not bound:
            return False
        return now - self.heard.last > (bound if self.heard.came else max(bound, _START_WITHIN))

    def end(self) -> None:
        self.leaving = True
        with suppress(ProcessLookupError):
            self.process.terminate()

    def kill(self) -> None:
        self.leaving = True
        with suppress(ProcessLookupError):
            self.process.kill()


class Fleet:
    """One worker for each command. `patience` is how many seconds they have to end.

    A worker inherits `descriptors`, and is told by `--pulse-fd` where to say that it has started and lives. One whose
    event loop stands still for `hang_seconds` is killed and replaced; 0: none is. `part` is whose lines the log shows
    this as. The service manager gets `notices`: ready once all have started, signs of life while they are looked after.
    `release` is called when the end begins: what the workers alone shall hold from then on is closed there.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        *,
        patience: float,
        descriptors: Sequence[int] = (),
        part: str = "esteio.serve",
        hang_seconds: float = 0.0,
        notices: Notices | None = None,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self._release = release
        self._commands = commands
        self._descriptors = descriptors
        self._patience = patience
        self._hang_seconds = hang_seconds
        self._notices = notices or Notices()
        self._workers: dict[int, Worker] = {}
        self._alive: set[Worker] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._renewing = asyncio.Lock()
        self._log = log(part)
        self._refused = False
        self._ready = False
        # The other end of this pipe closes when this process is gone, and then every worker ends.
        self._lifeline, self._held = os.pipe()

    def run(self) -> int:
        """Keep them working until SIGTERM or SIGINT; the exit code."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        renewals: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(signal.SIGHUP, lambda: renewals.add(asyncio.create_task(self._renew())))
        watch = asyncio.create_task(self._watch())
        keepers = [asyncio.create_task(self._keep(place)) for place in range(len(self._commands))]
        await self._stopping.wait()
        self._notices.stopping("The workers end what they have begun.")
        self._release()
        for worker in list(self._alive):
            worker.end()
        # A renewal that is under way sees its new worker end and gives up.
        _, late = await asyncio.wait([*keepers, *renewals, *self._retiring], timeout=self._patience)
        for worker in list(self._alive):
            worker.kill()
        if late:
            await asyncio.wait(late)
        await asyncio.gather(*(worker.ended for worker in list(self._alive)))
        watch.cancel()
        return REFUSED if self._refused else 0

    async def _keep(self, place: int) -> None:
        """Keep one place filled. A worker that refuses to start stops the fleet: another try would say the same."""
        pause = _FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            if not self._filled(place) and not await self._fill(place):
                pause = await self._rest(pause)
                continue
            worker = await self._outlived(place)
            if self._stopping.is_set():
                return
            code = worker.ended.result()
            if code == REFUSED and not worker.heard.came:
                self._refused = True
                self._stopping.set()
                return
            self._log.error("worker died", pid=worker.process.pid, code=code)
            self._tell()
            pause = await self._rest(_FIRST_PAUSE / 2 if loop.time() - worker.begun > _STEADY_AFTER else pause)

    async def _rest(self, before: float) -> float:
        """Pause for twice as long as before, unless the fleet is ending; the seconds."""
        pause = min(before * 2, _LONGEST_PAUSE)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)
        return pause

    def _filled(self, place: int) -> bool:
        return place in self._workers and not self._workers[place].ended.done()

    async def _fill(self, place: int) -> bool:
        """Whether there is a process in the place now."""
        new = await self._start(place)
        if self._filled(place):
            # A renewal was quicker.
            if new is not None:
                self._retiring.add(asyncio.create_task(self._retire(new)))
        elif new is None:
            return False
        else:
            self._workers[place] = new
        return True

    async def _outlived(self, place: int) -> Worker:
        """The worker that ended without another in its place, after any number of renewals."""
        while True:
            worker = self._workers[place]
            replaced = asyncio.create_task(worker.replaced.wait())
            try:
                await asyncio.wait([worker.ended, replaced], return_when=asyncio.FIRST_COMPLETED)
            finally:
                replaced.cancel()
            if self._workers[place] is worker:
                return worker

    async def _renew(self) -> None:
        """One by one: the old worker ends when the new one has started, so that the work is never unattended."""
        async with self._renewing:
            self._notices.reloading()
            for place in range(len(self._commands)):
                if self._stopping.is_set():
                    return
                if not await self._replace(place):
                    self._notices.ready("A renewal was stopped: the new worker did not start; the old ones go on.")
                    return
            self._notices.ready(self._standing())

    async def _replace(self, place: int) -> bool:
        """Put a new worker into the place; whether it has started."""
        new = await self._start(place)
        if new is None:
            return False
        if not await self._has_started(new):
            new.kill()
            await new.ended
            self._log.error("renewal stopped: the new worker did not start", pid=new.process.pid)
            return False
        old = self._workers.get(place)
        self._workers[place] = new
        if old is not None:
            old.replaced.set()
            self._retiring.add(asyncio.create_task(self._retire(old)))
        return True

    async def _retire(self, worker: Worker) -> None:
        worker.end()
        await asyncio.wait([worker.ended], timeout=self._patience)
        worker.kill()

    async def _has_started(self, worker: Worker) -> bool:
        try:
            async with asyncio.timeout(_START_WITHIN):
                return await asyncio.shield(worker.heard.started)
        except TimeoutError:
            return False

    async def _start(self, place: int) -> Worker | None:
        """A new worker; none where the machine has no room for one more process just now."""
        try:
            process, reading = await self._process(place)
        except OSError as error:
            self._log.error("worker not started", place=place, cause=error.strerror or str(error))
            return None
        heard = Heard(reading)
        worker = Worker(process, heard, asyncio.create_task(process.wait()))
        self._alive.add(worker)
        worker.ended.add_done_callback(lambda _: self._forget(worker))
        heard.started.add_done_callback(lambda _: self._tell())
        if self._stopping.is_set():
            worker.end()
        return worker

    async def _process(self, place: int) -> tuple[asyncio.subprocess.Process, int]:
        """The process, and the descriptor on which its pulse is heard."""
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._commands[place],
                "--pulse-fd",
                str(writing),
                pass_fds=(*self._descriptors, writing, self._lifeline),
                env=os.environ | {"ESTEIO_LIFELINE_FD": str(self._lifeline), PLACE: str(place)},
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return process, reading

    def _forget(self, worker: Worker) -> None:
        self._alive.discard(worker)
        forget_process(worker.process.pid)

    async def _watch(self) -> None:
        """End what hangs, and give signs of life of this process, as long as it does so."""
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while True:
            await asyncio.sleep(min(_LOOK_EVERY, self._notices.every or _LOOK_EVERY))
            now = loop.time()
            if now - looked > max(self._hang_seconds / 2, _LOOK_EVERY):
                # This process stood still itself: that others were not heard meanwhile says nothing of them.
                for worker in self._alive:
                    worker.heard.last = now
            looked = now
            self._end_hanging(now)
            self._notices.alive()

    def _end_hanging(self, now: float) -> None:
        for worker in self._alive:
            if worker.silent_too_long(now, self._hang_seconds):
                self._log.error("worker hangs", pid=worker.process.pid, seconds=round(now - worker.heard.last, 1))
                worker.kill()

    def _tell(self) -> None:
        """Tell the service manager how many work; that the fleet is ready once all do."""
        if not self._ready and self._standing_up() == len(self._commands):
            self._ready = True
            self._notices.ready(self._standing())
        elif not self._renewing.locked():
            self._notices.status(self._standing())

    def _standing_up(self) -> int:
        return sum(worker.answers for worker in self._workers.values())

    def _standing(self) -> str:
        return f"{self._standing_up()} of {len(self._commands)} workers answer."
