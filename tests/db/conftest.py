from collections.abc import Iterator

import pytest

from esteio.embedded.engines import Engines
from tests.db.streaming import Standby, standby


@pytest.fixture(scope="package")
def replica(engines: Engines, template: str) -> Iterator[Standby]:
    """One replica for the tests of this package; whoever holds it up or harms it mends it again."""
    with standby(engines.database_url) as running:
        yield running
