"""Collectors for the tests of traces."""

from collections.abc import Iterator

import pytest

from tests.upstream.receiver import Receiver, receiving

pytest.importorskip("opentelemetry.sdk", reason="the extra `tracing` is not installed")


@pytest.fixture
def collector() -> Iterator[Receiver]:
    """A server on loopback that takes whatever it is sent."""
    with receiving() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on loopback that is sent webhooks."""
    with receiving() as running:
        yield running
