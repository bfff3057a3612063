"""What others are told of traces: operators' parties, receivers of webhooks, and PostgreSQL, which is told nothing."""

from collections.abc import Callable

import pytest

from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.db.settings import DatabaseSettings
from esteio.upstream.egress import Egress
from esteio.upstream.settings import UpstreamSettings
from tests.telemetry.tracing.keeping import Kept, within
from tests.upstream.parties import shop
from tests.upstream.receiver import Receiver

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


async def test_every_try_of_a_call_has_a_span(new_redis: Callable[[], str], receiver: Receiver) -> None:
    """A party that fails once and is asked again is called under two spans, and each call says its own."""
    tracing = Kept()
    receiver.statuses = [503]
    async with shop(receiver.url(""), new_redis()) as party:
        with within(tracing) as root:
            assert (await party.call("/ok/secret?token=secret")).status == 200
    assert root is not None
    first, second = tracing.named("GET")
    for span in (first, second):
        assert (span.kind, span.parent, span.trace) == ("client", root.id, root.trace)
        assert (span.attributes["server.address"], span.attributes["server.port"]) == ("127.0.0.1", receiver.port)
        assert "secret" not in str(span.attributes)
    assert [span.attributes["http.response.status_code"] for span in (first, second)] == [503, 200]
    assert [bool(span.error) for span in (first, second)] == [True, False]
    assert [request.headers["traceparent"] for request in receiver.requests] == [first.traceparent, second.traceparent]


async def test_a_party_that_nobody_traces_is_told_nothing(new_redis: Callable[[], str], receiver: Receiver) -> None:
    """A call of what is not sampled has neither a span nor a `traceparent`."""
    async with shop(receiver.url(""), new_redis()) as party:
        with within(None):
            await party.call("/ok")
    (request,) = receiver.requests
    assert "traceparent" not in request.headers


@pytest.mark.parametrize(
    ("carried", "told"), [("everyone", (True, True)), ("parties", (True, False)), ("nobody", (False, False))]
)
async def test_the_operator_says_who_is_told(
    new_redis: Callable[[], str], receiver: Receiver, carried: str, told: tuple[bool, bool]
) -> None:
    """`traceparent` reaches a party and a webhook's receiver as far as the setting lets it; spans are always there."""
    tracing = Kept(traces_carried=carried)
    egress = Egress(UpstreamSettings(allowed_networks=("127.0.0.0/8",)))  # type: ignore[arg-type]
    async with shop(receiver.url(""), new_redis()) as party:
        with within(tracing):
            await party.call("/ok/party")
            await egress.call("POST", receiver.url("/ok/hook"), headers={})
    await egress.close()
    (to_party,), (to_hook,) = receiver.to("/ok/party"), receiver.to("/ok/hook")
    assert ("traceparent" in to_party.headers, "traceparent" in to_hook.headers) == told
    assert len(tracing.named("GET")) == len(tracing.named("POST")) == 1


async def test_statements_of_a_batch_have_spans(database_url: str) -> None:
    """What is written through a batch is seen as what is written through a session is, and what fails says so."""
    database, tracing = Database(DatabaseSettings.model_validate({"url": database_url})), Kept()
    await database.open()
    try:
        with within(tracing) as root:
            async with batch(database, None) as connection:
                await connection.fetch("SELECT 'secret' FROM job_tickets")
            with pytest.raises(Exception, match="division"):
                async with batch(database, None) as connection:
                    await connection.execute("SELECT 1 / 0")
            await connection_is_quiet(database)
        async with batch(database, None) as connection:
            await connection.execute("SELECT 1")
    finally:
        await database.close()
    assert root is not None
    names = ["BEGIN", "SELECT job_tickets", "COMMIT", "BEGIN", "SELECT", "ROLLBACK", "root"]
    assert sorted(span.name for span in tracing.spans) == sorted(names)
    assert [span.error for span in tracing.named("SELECT")] == ["DivisionByZeroError"]
    for span in tracing.spans[:-1]:
        assert (span.parent, span.kind) == (root.id, "client") or span is root
        assert span is root or root.began <= span.began <= span.began + span.took
        assert "secret" not in f"{span.name} {span.attributes}"


async def connection_is_quiet(database: Database) -> None:
    """The house's own bookkeeping, on connections that are lent, has no spans."""
    async with database.connection() as connection:
        await connection.execute("SELECT 1")
