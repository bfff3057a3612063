"""The rules of a breaker, on a clock that is turned."""

import pytest

from esteio.upstream.circuit import Circuit, Pass, Resting

REST = 5.0
LEASE = 2.0


def opened(at: float = 0.0) -> Circuit:
    circuit = Circuit(3, REST, LEASE)
    for _ in range(3):
        circuit.fail(at, circuit.enter(at, "nobody"))
    return circuit


def refused(circuit: Circuit, now: float) -> float:
    with pytest.raises(Resting) as met:
        circuit.enter(now, "refused")
    return met.value.seconds


def test_opens_after_failures_in_a_row() -> None:
    """Failures in a row open it; a success between them begins the count anew."""
    circuit = Circuit(3, REST, LEASE)
    for _ in range(4):
        assert not circuit.fail(0, Pass())
        assert not circuit.fail(0, Pass())
        assert not circuit.succeed(Pass())
    assert [circuit.fail(0, Pass()) for _ in range(3)] == [False, False, True]
    assert refused(circuit, 1.0) == REST - 1.0


def test_one_probe_after_the_rest() -> None:
    """After the rest one try is let through, and nobody else until it has ended."""
    circuit = opened()
    assert circuit.enter(REST, "a") == Pass("a")
    assert refused(circuit, REST + 1.0) == LEASE - 1.0


def test_a_probe_decides() -> None:
    """Its success closes the circuit, its failure opens it for another rest."""
    well, ill = opened(), opened()
    assert well.succeed(well.enter(REST, "a"))
    assert well.enter(REST, "b") == Pass()
    assert ill.fail(REST, ill.enter(REST, "a"))
    assert refused(ill, REST) == REST


def test_a_probe_that_is_lost_is_replaced() -> None:
    """A probe that is not heard of for its lease decides nothing any more; one that is given up is replaced at once."""
    circuit = opened()
    lost = circuit.enter(REST, "a")
    second = circuit.enter(REST + LEASE, "b")
    assert not circuit.succeed(lost)
    assert not circuit.fail(REST + LEASE, lost)
    circuit.leave(REST + LEASE, second)
    assert circuit.enter(REST + LEASE, "c") == Pass("c")


def test_what_was_sent_before_decides_nothing() -> None:
    """Answers and failures of tries from before the opening neither close it nor prolong the rest."""
    circuit = opened()
    assert not circuit.succeed(Pass())
    assert not circuit.fail(REST - 1.0, Pass())
    assert circuit.enter(REST, "a") == Pass("a")
