"""Which requests are traced: a part of them, by their trace's id or by the word of a proxy that is believed."""

import threading

import pytest

from esteio.telemetry.settings import TelemetrySettings
from esteio.telemetry.tracing.parents import parent_of
from esteio.telemetry.tracing.tracing import Tracing, bound_of
from tests.conftest import House
from tests.house import eventually
from tests.telemetry.tracing.collector import Seen, spans, traced
from tests.upstream.receiver import Receiver

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PETS = "/api/v2/pets"


def requests_of(collector: Receiver, path: str = PETS) -> list[Seen]:
    return [span for span in spans(collector) if span.kind == "server" and span.attributes.get("http.route") == path]


@pytest.mark.parametrize(
    ("ratio", "bound"), [(0, "0" * 14), (0.5, "8" + "0" * 13), (1, "g"), (1 / 256, "01" + "0" * 12)]
)
def test_the_bound_of_a_ratio(ratio: float, bound: str) -> None:
    """So large a part of all ids lies below it, as text."""
    assert bound_of(ratio).startswith(bound)
    assert len(bound_of(ratio)) in (1, 14)


def test_a_ratio_samples_its_part() -> None:
    """Of ten thousand traces a tenth is sampled, and each process decides alike about one of them."""
    tracing, again = (Tracing(TelemetrySettings(traces_exporter="otlp", traces_ratio=0.1)) for _ in range(2))
    from esteio.telemetry.context import new_trace_id

    ids = [new_trace_id() for _ in range(10_000)]
    sampled = [one for one in ids if tracing.samples(one)]
    assert 800 < len(sampled) < 1200
    assert sampled == [one for one in ids if again.samples(one)]


def test_a_stranger_decides_nothing(house: House, collector: Receiver) -> None:
    """Nobody who is not a trusted proxy forces a trace, joins one, or keeps one from being made."""
    with house(**traced(collector, 0.0)) as served:
        for flag in ("00", "01"):
            served.client.get(PETS, headers={"traceparent": f"00-{TRACE}-{SPAN}-{flag}"})
        assert not any(thread.name == "traces" for thread in threading.enumerate())
    assert spans(collector) == []
    with house(**traced(collector)) as served:
        served.client.get(PETS, headers={"traceparent": f"00-{TRACE}-{SPAN}-00"})
    (seen,) = requests_of(collector)
    assert seen.trace != TRACE
    assert seen.parent == ""


def test_a_believed_parent_decides(house: House, collector: Receiver) -> None:
    """A trusted proxy's flag comes before the ratio, and the request's span is its span's child."""
    with house(HTTP__TRUSTED_PROXIES="127.0.0.1", **traced(collector, 0.0)) as served:
        served.client.get(PETS, headers={"traceparent": f"00-{TRACE}-{SPAN}-00"})
        served.client.get(PETS, headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
        served.client.get(PETS)
    (seen,) = requests_of(collector)
    assert (seen.trace, seen.parent) == (TRACE, SPAN)


def test_a_parent_that_is_not_followed(house: House, collector: Receiver) -> None:
    """Where the operator says so the ratio alone decides; the trace is still the proxy's."""
    with house(HTTP__TRUSTED_PROXIES="127.0.0.1", **traced(collector, FOLLOW_PARENT="false")) as served:
        served.client.get(PETS, headers={"traceparent": f"00-{TRACE}-{SPAN}-00"})
    (seen,) = requests_of(collector)
    assert (seen.trace, seen.parent) == (TRACE, SPAN)
    with house(HTTP__TRUSTED_PROXIES="127.0.0.1", **traced(collector, 0.0, FOLLOW_PARENT="false")) as served:
        served.client.get(PETS, headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    assert requests_of(collector) == [seen]


def test_one_connection_mixes_nothing_up(house: House, collector: Receiver) -> None:
    """A request that is not traced has no part in the trace of the one before it on the same connection."""
    with house(HTTP__TRUSTED_PROXIES="127.0.0.1", **traced(collector, 0.0)) as served:
        for number in range(6):
            flag = number % 2
            answer = served.client.post(
                PETS,
                json={"name": f"Pet {number}", "species": "dog"},
                headers={"traceparent": f"00-{number + 1:032x}-{SPAN}-0{flag}"},
            )
            assert answer.status_code == 201
    found = spans(collector)
    assert {int(span.trace, 16) for span in found} == {2, 4, 6}
    inserts = [span for span in found if span.name == "INSERT pets"]
    assert sorted(int(span.trace, 16) for span in inserts) == [2, 4, 6]


def test_probes_are_not_traced(house: House, collector: Receiver) -> None:
    """Health and metrics have no spans, however much is sampled."""
    with house(**traced(collector)) as served:
        for path in ("/livez", "/readyz", "/metrics"):
            served.client.get(path)
        served.client.get("/api/v2/nothing/here?secret=hidden")
        eventually(lambda: spans(collector))
    assert [span.name for span in spans(collector) if span.kind == "server"] == ["GET"]


@pytest.mark.parametrize(
    "text",
    ["", "00", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{SPAN}-01",
     f"00-{TRACE}-{SPAN}-01-more", f"01-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-zz", "\u00e9" * 55],
)  # fmt: skip
def test_what_is_no_parent(text: str) -> None:
    """Anything but the one form of version 00 is no parent."""
    assert parent_of(text.encode()) is None
