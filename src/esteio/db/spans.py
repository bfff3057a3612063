"""Spans of statements, in the words of OpenTelemetry's conventions for databases: which operation, on which table.

Neither values nor the text of a statement are part of them.
"""

import re
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import Engine, event

from esteio.telemetry.context import present_span
from esteio.telemetry.tracing.span import Span, Value

_WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\s+(?!SET\b|OF\b|SKIP\b|NOWAIT\b)(\w{1,63})", re.IGNORECASE)
_READS = re.compile(r"\bFROM\s+(\w{1,63})", re.IGNORECASE)
_FIRST = re.compile(r"\s*(\w{1,20})")
_STATEMENT = "esteio_span"
_UNWATCHED = nullcontext[None]()


def statement_span(parent: Span, sql: str) -> Span:
    """The span of a statement that is sent now."""
    name, attributes = _said(sql)
    return parent.child(name, "client", dict(attributes))


@lru_cache(maxsize=1024)
def _said(sql: str) -> tuple[str, dict[str, Value]]:
    operation, table = _operation(sql)
    said: dict[str, Value] = {"db.system.name": "postgresql", "db.operation.name": operation}
    if table:
        said["db.collection.name"] = table
    return f"{operation} {table}".rstrip(), said


def _operation(sql: str) -> tuple[str, str]:
    """The operation and the table that it is about; of a statement of several parts, what it writes."""
    first = _FIRST.match(sql)
    word = first[1].upper() if first else "QUERY"
    if word in ("INSERT", "UPDATE", "DELETE", "WITH") and (wrote := _WRITES.search(sql)):
        return wrote[1].split()[0].upper(), wrote[2]
    read = _READS.search(sql) if word in ("SELECT", "WITH") else None
    return "SELECT" if word == "WITH" else word, read[1] if read else ""


def watched(
    connection: asyncpg.pool.PoolConnectionProxy,
) -> AbstractContextManager[None]:
    """For a block, the connection's statements have spans, where the block is part of something that is traced."""
    parent: Span | None = present_span()
    if parent is None:
        return _UNWATCHED

    def tell(done: asyncpg.connection.LoggedQuery) -> None:
        """Called when a statement has ended: in the context of who sent it, a moment later."""
        span = statement_span(present_span() or parent, done.query)
        span.began_before(done.elapsed)
        if done.exception is not None:
            span.fail(type(done.exception).__name__)
        span.end()

    return connection.query_logger(tell)


def watch(engine: Engine) -> None:
    """From now on the engine's statements have spans, where they are part of something that is traced."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)


def _begin(_: Any, __: Any, sql: str, ___: Any, execution: Any, ____: bool) -> None:
    parent = present_span()
    if parent is not None and execution is not None:
        setattr(execution, _STATEMENT, statement_span(parent, sql))


def _end(_: Any, __: Any, ___: str, ____: Any, execution: Any, _____: bool) -> None:
    span: Span | None = getattr(execution, _STATEMENT, None)
    if span is not None:
        span.end()


def _fail(failure: Any) -> None:
    span: Span | None = getattr(failure.execution_context, _STATEMENT, None)
    if span is not None:
        span.fail(type(failure.original_exception).__name__)
        span.end()
