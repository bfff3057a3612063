"""Asking a database through SQLAlchemy: bounded in time, in portions, without the right to change anything."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import URL, NullPool, TextClause, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from esteio.db.openness import in_transaction
from esteio.services.outages.oms.question import OmsUnread

PORTION = 1_000
GRACE = 5.0
"""Seconds after the time limit for which a silent server is waited for to end the connection."""

Take = Callable[[Sequence[str], Sequence[Sequence[Any]]], None]
"""Called with the names of the columns, in lower case, and some rows."""

# Whoever may write there must not be able to by mistake. Sessions are not used again.
_READ_ONLY = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
_STREAMED = {"yield_per": PORTION}
_BUSY = threading.Lock()
"""Held by the thread that reads: a driver that nothing can interrupt is left alone, but never doubled."""


async def read(address: str, statement: TextClause, values: Mapping[str, Any], *, within: float, take: Take) -> None:
    """Give every row of the statement to `take`. Raises `OmsUnread`; what was taken until then is worth nothing."""
    if in_transaction():
        raise RuntimeError("the outage management system is asked while no transaction is open")
    try:
        url = make_url(address)
        reading = _read_async if url.get_dialect().is_async else _read_in_thread
        task = asyncio.create_task(reading(url, statement, values, within, take))
        await _bounded(task, within + GRACE)
    except OmsUnread:
        raise
    except TimeoutError as error:
        raise OmsUnread(operator=f"no whole answer within {within:g} s") from error
    except Exception as error:  # whatever its driver knows to raise
        raise OmsUnread(operator=_words(error, address)) from error


async def _bounded(task: "asyncio.Task[None]", most: float) -> None:
    """Wait for the task, which ends by itself; one that does not is left behind, and so is one whose caller is."""
    try:
        done, _ = await asyncio.wait((task,), timeout=most)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        raise TimeoutError
    await task


async def _read_async(url: URL, statement: TextClause, values: Mapping[str, Any], within: float, take: Take) -> None:
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        async with asyncio.timeout(within), engine.connect() as connection:
            if begin := _READ_ONLY.get(engine.dialect.name):
                await connection.execute(text(begin))
            result = await connection.stream(statement, dict(values), execution_options=_STREAMED)
            names = [name.lower() for name in result.keys()]  # noqa: SIM118 - a result is no mapping
            async for rows in result.partitions():
                take(names, rows)
            await connection.rollback()
    finally:
        await engine.dispose()


async def _read_in_thread(
    url: URL, statement: TextClause, values: Mapping[str, Any], within: float, take: Take
) -> None:
    errand = _Errand(url, statement, values, take)
    ended = errand.start()
    try:
        async with asyncio.timeout(within):
            await asyncio.shield(ended)
    except (TimeoutError, asyncio.CancelledError):
        ended.add_done_callback(_forget)
        errand.stop()
        raise


def _forget(ended: "asyncio.Future[None]") -> None:
    if not ended.cancelled():
        ended.exception()


class _Errand:
    """A blocking driver's work in a thread that holds up nobody's end."""

    def __init__(self, url: URL, statement: TextClause, values: Mapping[str, Any], take: Take) -> None:
        self._question = (url, statement, values)
        self._take = take
        self._stopped = False
        self._driver: Any = None

    def start(self) -> "asyncio.Future[None]":
        """What is done when the thread is. Raises `OmsUnread` while an earlier one still runs."""
        if not _BUSY.acquire(blocking=False):
            raise OmsUnread(operator="the query of an earlier reading has not returned yet")
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        threading.Thread(target=self._run, args=(loop, ended), name="oms", daemon=True).start()
        return ended

    def stop(self) -> None:
        """Take no more rows; drivers that know how are told to give up."""
        self._stopped = True
        for way in ("cancel", "interrupt"):
            if callable(give_up := getattr(self._driver, way, None)):
                with suppress(Exception):
                    give_up()

    def _run(self, loop: asyncio.AbstractEventLoop, ended: "asyncio.Future[None]") -> None:
        error: BaseException | None = None
        try:
            self._read()
        except BaseException as raised:
            error = raised
        finally:
            _BUSY.release()
        with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            loop.call_soon_threadsafe(_end, ended, error)

    def _read(self) -> None:
        url, statement, values = self._question
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        with engine.connect() as connection:
            self._driver = connection.connection.driver_connection
            if begin := _READ_ONLY.get(engine.dialect.name):
                connection.execute(text(begin))
            result = connection.execute(statement, dict(values), execution_options=_STREAMED)
            names = [name.lower() for name in result.keys()]  # noqa: SIM118 - a result is no mapping
            for rows in result.partitions():
                if self._stopped:
                    return
                self._take(names, rows)
            connection.rollback()


def _end(ended: "asyncio.Future[None]", error: BaseException | None) -> None:
    if ended.done():
        return
    if error is None:
        ended.set_result(None)
    else:
        ended.set_exception(error)


def _words(error: Exception, address: str) -> str:
    """The first line of what a driver says, without the password should it repeat it."""
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    with suppress(SQLAlchemyError, ValueError):
        if password := make_url(address).password:
            said = said.replace(password, "***")
    return f"{type(error).__name__}: {said[:300]}"
