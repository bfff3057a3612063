"""The release before this one runs on this one's schema, beside it: so a deployment is rolled out, and rolled back."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from esteio.embedded.engines import Engines
from esteio.standins.fakestore import running_fakestore
from tests.cli.command import NOWHERE, SECONDS
from tests.house import ADMIN_KEY, SECRET, eventually, sql, unused_port
from tests.migrations.journey import Side, pets, together
from tests.migrations.previous import TREE, api, previous_release, process, unpacked
from tests.upstream.receiver import receiving

PRESENT = TREE / "src"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of the previous release."""
    return unpacked(previous_release(), tmp_path_factory.mktemp("previous"))


@pytest.fixture
def given(engines: Engines, new_database: Callable[[], str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """Settings that both releases know, for a database that this release has migrated."""
    with running_fakestore() as shop:
        yield {
            "ESTEIO_SECRET_KEY": SECRET,
            "ESTEIO_DATABASE__URL": new_database(),
            "ESTEIO_REDIS__URL": engines.redis_url,
            "ESTEIO_REDIS__DEADLINE": "2",
            "ESTEIO_DATABASE__STATEMENT_TIMEOUT": "20",
            "ESTEIO_DATABASE__CONNECT_TIMEOUT": "20",
            "ESTEIO_DATABASE__REQUEST_TIMEOUT": "20",
            "ESTEIO_AUTH__API_KEY": ADMIN_KEY,
            "ESTEIO_AUTH__API_KEY_SCOPES": "*",
            "ESTEIO_AUTH__ARGON2_MEMORY_KIB": "1024",
            "ESTEIO_AUTH__ARGON2_PASSES": "1",
            "ESTEIO_LIMITS__DEFAULT": "100000/minute",
            "ESTEIO_HTTP__DRAIN_SECONDS": "1",
            "ESTEIO_HTTP__PUBLIC_URL": "https://api.example.org",
            "ESTEIO_FILES__URL": f"file://{tmp_path}",
            "ESTEIO_UPSTREAM__ALLOWED_NETWORKS": "127.0.0.0/8",
            "ESTEIO_STORE__UPSTREAM_URL": shop.url,
        }


def test_the_previous_release_is_another_one(before: Path) -> None:
    """What runs as the previous release is its code, not this one's."""
    asked = [sys.executable, "-c", "import esteio; print(esteio.__file__)"]
    said = subprocess.run(
        asked, env={"PYTHONPATH": str(before)}, cwd=NOWHERE, capture_output=True, text=True, check=True
    )
    assert Path(said.stdout.strip()).is_relative_to(before)
    assert previous_release() != ""


def test_it_runs_on_the_new_schema_beside_the_new_code(before: Path, given: dict[str, str]) -> None:
    """API, worker and scheduler of the release before serve every product on this schema while this one's API does."""
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        worker = stack.enter_context(process(before, ["worker", "--queues", "io,cpu"], given))
        scheduler = stack.enter_context(process(before, ["scheduler"], given))
        apis = [stack.enter_context(api(source, unused_port(), given)) for source in (before, PRESENT)]
        eventually(lambda: all(one.ready() for one in apis), 2 * SECONDS)
        eventually(lambda: scheduler.said('"scheduler.ready"') and worker.said('"worker.ready"'), SECONDS)
        old, new = (Side(one.client, name) for one, name in zip(apis, ("previous", "present"), strict=True))
        together(old, new, receiver, 1)
        together(new, old, receiver, 2)


def test_a_column_in_use_that_is_dropped_is_noticed(before: Path, given: dict[str, str]) -> None:
    """The same journey fails where the schema lost a column that the release before uses."""
    sql(given["ESTEIO_DATABASE__URL"], "ALTER TABLE pets DROP COLUMN notes")
    with api(before, unused_port(), given) as running:
        eventually(running.ready, SECONDS)
        side = Side(running.client, "previous")
        with pytest.raises(AssertionError, match="previous: POST /api/v2/pets: 5"):
            pets(side, side)
