"""Empty databases, and folders of a service's revisions."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from esteio.embedded.engines import Engines
from tests.house import on_database, sql

_numbers = count(1)

REVISION = '''
"""A table of a service."""
from alembic import op
from esteio.migrations import safely
revision = "{name}"
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}
{more}
def upgrade():
    {work}
'''

Write = Callable[..., Path]


@pytest.fixture
def new_empty(engines: Engines) -> Iterator[Callable[[], str]]:
    """Makes an empty database; its address."""
    made: list[str] = []

    def make() -> str:
        made.append(f"bare_{next(_numbers)}")
        sql(engines.database_url, f"CREATE DATABASE {made[-1]} OWNER esteio")
        return on_database(engines.database_url, made[-1])

    yield make
    for name in made:
        sql(engines.database_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def revision(tmp_path: Path) -> Write:
    """Writes a revision of a service into its folder; the folder."""

    def write(name: str, work: str, *, down: str | None = None, more: str = "") -> Path:
        first = down is None
        text = REVISION.format(
            name=name,
            down=down,
            labels=("svc",) if first else None,
            depends=("esteio_0001",) if first else None,
            more=more,
            work=work,
        )
        (tmp_path / f"{name}.py").write_text(text)
        return tmp_path

    return write
