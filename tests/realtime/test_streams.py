"""Hearing over plain HTTP: server-sent events, and how one goes on."""

import httpx

from tests.house import Served
from tests.realtime.client import Event, socket, stream, tell
from tests.realtime.conftest import Telling


def told_numbers(events: list[Event]) -> list[int]:
    return [event.data["data"]["n"] for event in events]


def test_events(told: Served) -> None:
    """A stream begins with where its channels stand; each event has the same JSON as over a socket, and an id."""
    with socket(told.url) as one, stream(told.url, "pets") as events:
        one.subscribe("pets")
        (begun,) = events.events(1, "subscribed")
        assert begun.id == begun.data["position"]
        assert 1_000 <= int(begun.retry) <= 3_000
        tell(told, 1, 3)
        heard = events.events(3)
        assert [event.data for event in heard] == one.events(3)
        assert [event.id for event in heard] == [event.data["position"] for event in heard]


def test_the_answer_is_kept_and_changed_by_nobody(told: Served) -> None:
    """Proxies are told neither to store, to gather nor to compress; the request's id is there as everywhere."""
    with stream(told.url, "pets") as events:
        headers = events.answer.headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-request-id"]
    assert "content-encoding" not in headers


def test_the_last_id_is_enough_to_go_on_with_all_channels(told: Served) -> None:
    """After a break in the middle of several channels nothing is missing on any of them and nothing comes twice."""
    names = ("pets", "events", f"pets.{told.pet()['id']}")
    subject = names[2].partition(".")[2]
    with stream(told.url, ",".join(names)) as events:
        events.events(3, "subscribed")
        tell(told, 1, 60, subject=subject)
        before = events.events(100)
    for carried in ({"headers": {"Last-Event-ID": before[-1].id}}, {"query": {"since": before[-1].id}}):
        with stream(told.url, ",".join(names), **carried) as events:
            come = [event for event in (events.event() for _ in range(83)) if event is not None]
            after = [event for event in come if event.kind == "message"]
            assert len(after) == 80
        for name in names:
            heard = [event for event in (*before, *after) if event.data["channel"] == name]
            assert told_numbers(heard) == list(range(1, 61))


def test_positions_of_other_channels_are_a_gap(told: Served) -> None:
    """An id that belongs to another order of channels is not mistaken for a position of these."""
    with stream(told.url, "pets,events") as events:
        last = events.events(2, "subscribed")[-1].id
    with stream(told.url, "events,pets", headers={"Last-Event-ID": last}) as events:
        kinds = [event.kind for event in (events.event(), events.event(), events.event(), events.event()) if event]
    assert sorted(kinds) == ["gap", "gap", "subscribed", "subscribed"]


def test_silence_is_filled_with_heartbeats(telling: Telling) -> None:
    """Comments keep a silent stream alive through proxies."""
    with telling(REALTIME__HEARTBEAT_SECONDS="0.1") as served, stream(served.url, "pets") as events:
        events.events(1, "subscribed")
        lines = events.answer.iter_lines
        assert lines is not None
        while events.heartbeats < 3:
            line = next(events._lines)
            events.heartbeats += line == ":"


def test_refusals_are_plain_answers(told: Served) -> None:
    """What cannot be streamed is refused as any request is, before anything streams."""

    def asked(key: httpx.Client, **query: str) -> tuple[int, str]:
        answer = key.get("/api/v2/stream", params=query)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["errors"][0]["code"]

    unknown = told.client.get("/api/v2/stream", params={"channels": "nothing"}).json()
    hidden = told.anonymous.get("/api/v2/stream", params={"channels": "events"}).json()
    assert unknown["status"] == 404
    assert {name: unknown[name] for name in ("type", "title", "detail", "errors", "instance")} == {
        name: hidden[name] for name in ("type", "title", "detail", "errors", "instance")
    }
    assert asked(told.client)[0] == 422
    assert asked(told.client, channels="pets,pets") == (422, "VALIDATION_ERROR")
    assert asked(told.client, channels="pets,") == (422, "VALIDATION_ERROR")
    assert asked(told.client, channels=",".join(f"c{n}" for n in range(21)))[0] == 422
    assert asked(told.client, channels="pets", since="x") == (422, "VALIDATION_ERROR")
    assert asked(told.client, channels="pets", since="a:1,b:2") == (400, "BAD_REQUEST")


def test_head_does_not_listen(told: Served) -> None:
    """HEAD answers with the headers of the stream and ends."""
    assert told.client.head("/api/v2/stream", params={"channels": "pets"}).status_code == 200
    assert told.client.head("/api/v2/stream", params={"channels": "nothing"}).status_code == 404


def test_streams_take_nobodys_place(telling: Telling) -> None:
    """However many streams are open, as many other requests are answered as without them, and none has a time limit."""
    with telling(HTTP__MAX_RUNNING="1", HTTP__TIME_BUDGET="0.5") as served, stream(served.url, "pets") as events:
        events.events(1, "subscribed")
        with socket(served.url) as one:
            one.subscribe("pets")
            for _ in range(3):
                assert served.client.get("/api/v2/pets").status_code == 200
            tell(served, 1)
            assert one.events(1)
        assert told_numbers(events.events(1)) == [1]
