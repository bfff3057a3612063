"""A short private place for data, and ways to ask the engines something."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.house import AMPLE


@contextmanager
def private_directory() -> Iterator[Path]:
    """Not `tmp_path`: pytest takes back the search permission that root's engines need on the way to their data."""
    path = Path(tempfile.mkdtemp(prefix="esteio-test-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture
def place() -> Iterator[Path]:
    with private_directory() as path:
        yield path


@pytest.fixture(scope="module")
def lasting_place() -> Iterator[Path]:
    with private_directory() as path:
        yield path


@pytest.fixture
def sql() -> Callable[[str, str], Any]:
    """Runs one statement and answers its first value."""

    async def ask(url: str, statement: str) -> Any:
        connection = await asyncpg.connect(url, timeout=AMPLE)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return lambda url, statement: asyncio.run(ask(url, statement))
