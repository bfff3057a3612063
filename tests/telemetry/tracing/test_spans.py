"""The spans of services: where they hang, what they say of failures, and that they are nothing where nothing is."""

import asyncio

import pytest

from esteio.base.errors import NotFound, Unavailable
from esteio.db.spans import _operation
from esteio.telemetry.tracing.span import NOTHING
from esteio.telemetry.tracing.spans import present, span, traceparent
from tests.telemetry.tracing.keeping import Kept, within


def test_blocks_are_children_of_the_blocks_around_them() -> None:
    """A span belongs to the innermost block; after it, to the one around it."""
    tracing = Kept()
    with within(tracing) as root:
        with span("outer", number=1) as outer:
            with span("inner") as inner:
                assert traceparent() == inner.traceparent
            assert present() is outer
        assert present() is root
    assert root is not None
    by_name = {one.name: one for one in tracing.spans}
    assert by_name["inner"].parent == by_name["outer"].id
    assert by_name["outer"].parent == root.id
    assert by_name["outer"].attributes == {"number": 1}
    assert {one.trace for one in tracing.spans} == {root.trace}


@pytest.mark.anyio
async def test_tasks_side_by_side_do_not_nest() -> None:
    """What runs at the same time within one request belongs to the request, not to each other."""
    tracing = Kept()

    async def work(number: int) -> None:
        with span(f"work {number}"):
            await asyncio.sleep(0)
            with span(f"part {number}"):
                await asyncio.sleep(0)

    with within(tracing) as root:
        await asyncio.gather(*(work(number) for number in range(3)))
    assert root is not None
    by_name = {one.name: one for one in tracing.spans}
    for number in range(3):
        assert by_name[f"work {number}"].parent == root.id
        assert by_name[f"part {number}"].parent == by_name[f"work {number}"].id


def test_without_a_trace_there_is_no_span() -> None:
    """Outside of a request, and in one that is not traced, a block has nothing: one object that forgets everything."""
    assert span("nothing") is NOTHING
    with within(None), span("nothing", secret="x") as found:
        assert found is NOTHING
        found.set("more", 1)
        assert traceparent() is None


def test_a_span_left_over_belongs_to_nobody_else() -> None:
    """What another request left in a task is no parent of this one's spans."""
    first, second = Kept(), Kept()
    with within(first), span("left over"), within(second) as root, span("mine") as mine:
        assert root is not None
        assert (mine.trace, mine.parent) == (root.trace, root.id)


@pytest.mark.parametrize(
    ("error", "failed"), [(ValueError("secret words"), True), (Unavailable(), True), (NotFound(), False)]
)
def test_an_exception_marks_its_span(error: Exception, failed: bool) -> None:
    """The class of what left the block is said, never its words; a refusal is the caller's and no failure."""
    tracing = Kept()
    with within(tracing), pytest.raises(type(error)), span("work"):
        raise error
    (work, _) = tracing.spans
    assert bool(work.error) is failed
    assert type(error).__name__ in (work.error, work.attributes.get("error.type"))
    assert "secret words" not in f"{work.error} {work.attributes}"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT pets.id FROM pets WHERE id = $1", ("SELECT", "pets")),
        ("SELECT d.id FROM deliveries d WHERE d.id = 1 FOR UPDATE OF d", ("SELECT", "deliveries")),
        ("\n  INSERT INTO outbox (id) VALUES ($1) ON CONFLICT DO UPDATE SET id = 1", ("INSERT", "outbox")),
        ("WITH asked AS (SELECT 1), w AS (INSERT INTO jobs (id) SELECT 1) SELECT * FROM w", ("INSERT", "jobs")),
        ("UPDATE pets SET name = $1", ("UPDATE", "pets")),
        ("DELETE FROM pets WHERE id = 'it''s'", ("DELETE", "pets")),
        ("WITH found AS (SELECT * FROM pets) SELECT * FROM found", ("SELECT", "pets")),
        ("SELECT set_config('esteio.tenant', $1, true)", ("SELECT", "")),
        ("COMMIT", ("COMMIT", "")),
        ("", ("QUERY", "")),
    ],
)
def test_a_statement_is_named_by_what_it_does(sql: str, said: tuple[str, str]) -> None:
    """Operation and table, and nothing of its values."""
    assert _operation(sql) == said
