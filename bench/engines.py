"""The real PostgreSQL and Valkey that `esteio up` runs, in a directory of their own, for the time of one run."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench import cpu
from esteio.embedded.binaries import find_postgres
from esteio.embedded.engines import Engines as Embedded
from esteio.embedded.engines import running_engines

SCRIPT_SECONDS = 300


@dataclass(frozen=True)
class Engines:
    """Where the two engines answer, and what CPU they have used."""

    directory: Path
    embedded: Embedded

    def redis_url(self, database: int) -> str:
        return f"{self.embedded.redis_url.partition('?')[0]}?db={database}"

    def database_url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.embedded.database_url)._replace(path=f"/{name}"))

    def psql(self, script: str, database: str) -> str:
        """Run a script; the answer's bare values."""
        program = find_postgres(None).program("psql")
        command = [program, "-XqtA", "-v", "ON_ERROR_STOP=1", "-d", self.database_url(database), "-f", "-"]
        told = subprocess.run(command, input=script, capture_output=True, text=True, timeout=SCRIPT_SECONDS)
        if told.returncode != 0:
            raise RuntimeError(f"psql: {told.stderr}")
        return told.stdout.strip()

    def cpu_spent(self) -> float:
        return cpu.spent(self.embedded.postgres.pid) + cpu.spent(self.embedded.valkey.pid)


@contextmanager
def running() -> Iterator[Engines]:
    """Both engines, answering; stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="bench") as name, running_engines(Path(name)) as embedded:
        yield Engines(Path(name), embedded)
