"""A mail server and a house that mails through it, for each module of these tests."""

from collections.abc import Iterator

import pytest

from esteio.standins.smtp import Sink, Terms, running_smtp
from tests.auth.mails.post import Office, opened
from tests.conftest import House


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with running_smtp(Terms("none")) as running:
        yield running


@pytest.fixture(scope="module")
def opened_office(house: House, sink: Sink) -> Iterator[Office]:
    with opened(house, sink, AUTH__FRESHNESS_SECONDS="0", LIMITS__ENABLED="false") as office:
        yield office


@pytest.fixture
def office(opened_office: Office, sink: Sink) -> Office:
    """The module's, its mail server well."""
    sink.next()
    sink.fault("none")
    return opened_office
