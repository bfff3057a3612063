from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.mail.post import Post
from tests.mail.scripted import Scripted


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What has to be trusted."""
    file: Path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
def post(free_port: int) -> Iterator[Callable[..., Post]]:
    """Starts a real SMTP server; stopped with the test."""
    with ExitStack() as stack:

        def start(**terms: Any) -> Post:
            server = Post(free_port, **terms)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    """Starts a server that answers as it is told; stopped with the test."""
    with ExitStack() as stack:

        def start(**answers: str) -> Scripted:
            server = Scripted(answers)
            stack.callback(server.stop)
            return server

        yield start
