from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import House
from tests.files.gallery import GALLERY
from tests.house import Served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the house's files."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def served(house: House, folder: Path) -> Iterator[Served]:
    """A house that keeps its files in a folder."""
    with house(FILES__URL=folder.as_uri()) as running:
        yield running


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of temporary files."""
    return tmp_path_factory.mktemp("temp")


@pytest.fixture(scope="module")
def gallery(house: House, folder: Path, temp: Path) -> Iterator[Served]:
    """A house that takes pictures and nothing else."""
    with house(services=(GALLERY,), FILES__URL=folder.as_uri(), FILES__TEMP_DIR=str(temp)) as running:
        yield running
