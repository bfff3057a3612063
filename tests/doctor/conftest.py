"""One sound deployment for all tests of the doctor, mended after each harm."""

from collections.abc import Iterator

import pytest

from tests.doctor.patient import Sound, sound_deployment


@pytest.fixture(scope="module")
def sound() -> Iterator[Sound]:
    with sound_deployment() as deployment:
        yield deployment


@pytest.fixture(scope="module")
def usual(sound: Sound) -> set[tuple[str, str]]:
    """What is found although nothing was harmed: warnings and notes of a machine for tests."""
    return sound.found()
