"""The pure values that everything stands on."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from esteio.base.clock import SystemClock, TurnableClock
from esteio.base.crypto import Keyring
from esteio.base.errors import kinds
from esteio.base.ids import ALPHABET, base62, new_id, random_base62
from esteio.base.principal import ANONYMOUS, DEFAULT_TENANT, Principal
from esteio.base.schema import Written
from tests.house import altered


class TestWritten:
    def test_words_instead_of_the_pattern(self) -> None:
        """Who writes it otherwise is told how it is written; documents have the pattern, and all of the text counts."""
        colour = TypeAdapter(Annotated[str, Written("^[a-z]+$", "write a colour, such as red")])
        assert colour.validate_python("red") == "red"
        assert colour.json_schema()["pattern"] == "^[a-z]+$"
        for wrong in ("", "Red", "red\n", "red\ngreen"):
            with pytest.raises(ValidationError, match="write a colour, such as red"):
                colour.validate_python(wrong)


class TestIds:
    def test_ids_are_version_7_and_ordered_by_time(self) -> None:
        """Ids that one process makes one after the other are ordered so, and begin with the time."""
        ids = [new_id() for _ in range(1000)]
        assert {(made.version, made.variant) for made in ids} == {(7, "specified in RFC 4122")}
        assert ids == sorted(set(ids))
        milliseconds = [made.int >> 80 for made in ids]
        assert abs(milliseconds[0] / 1000 - datetime.now(UTC).timestamp()) < 5

    @given(st.integers(min_value=0, max_value=2**64))
    def test_base62_is_a_number_in_that_alphabet(self, number: int) -> None:
        """The digits give the number back."""
        value = 0
        for digit in base62(number, 12):
            value = value * 62 + ALPHABET.index(digit)
        assert value == number

    def test_random_text_is_of_the_alphabet(self) -> None:
        """So many characters, all of base 62, not twice the same."""
        one, other = random_base62(30), random_base62(30)
        assert len(one) == 30
        assert set(one + other) <= set(ALPHABET)
        assert one != other


class TestKeyring:
    keyring = Keyring("a master secret of more than 32 characters")

    @given(st.binary(max_size=200), st.binary(max_size=20), st.binary(max_size=20))
    def test_what_is_sealed_opens_only_as_it_was_sealed(self, plain: bytes, bound: bytes, known: bytes) -> None:
        """Another purpose, binding, knowledge, secret or a changed bit opens nothing."""
        sealed = self.keyring.seal("one", plain, bound, known=known)
        assert self.keyring.open("one", sealed, bound, known=known) == plain
        spoiled = bytes([sealed[0] ^ 1]) + sealed[1:]
        other = Keyring("another master secret of 32 characters or more")
        for attempt in (
            lambda: self.keyring.open("two", sealed, bound, known=known),
            lambda: self.keyring.open("one", sealed, bound + b"x", known=known),
            lambda: self.keyring.open("one", sealed, bound, known=known + b"x"),
            lambda: self.keyring.open("one", spoiled, bound, known=known),
            lambda: other.open("one", sealed, bound, known=known),
        ):
            with pytest.raises(ValueError, match="sealed"):
                attempt()

    @given(st.binary(max_size=100))
    def test_a_signed_token_verifies_only_unaltered(self, payload: bytes) -> None:
        """Each character of a token matters, and so do its purpose and what it is bound to."""
        token = self.keyring.sign("cursor", payload, b"pets")
        assert self.keyring.verified("cursor", token, b"pets") == payload
        spoiled = altered(token)
        for purpose, text, bound in (("cursor", spoiled, b"pets"), ("other", token, b"pets"), ("cursor", token, b"x")):
            with pytest.raises(ValueError, match="not a signed token"):
                self.keyring.verified(purpose, text, bound)

    def test_a_short_secret_is_refused(self) -> None:
        """Less than 32 characters is no master secret."""
        with pytest.raises(ValueError, match="32"):
            Keyring("short")


class TestClocks:
    def test_the_turnable_clock_moves_only_when_turned(self) -> None:
        """Both readings move together and never back."""
        clock = TurnableClock(datetime(2026, 1, 1, tzinfo=UTC))
        before = clock.now(), clock.monotonic()
        clock.turn(90)
        assert clock.now() - before[0] == timedelta(seconds=90)
        assert clock.monotonic() - before[1] == 90
        with pytest.raises(ValueError, match="forward"):
            clock.turn(-1)

    def test_the_system_clock_is_aware(self) -> None:
        """The present carries its time zone."""
        assert SystemClock().now().tzinfo is UTC


class TestErrors:
    def test_codes_are_unique_and_refusals_say_what_to_do(self) -> None:
        """No two kinds share a code, and each has words for the caller."""
        listed = [kind for kind in kinds() if "code" in vars(kind)]
        assert not [pair for pair in itertools.combinations(listed, 2) if pair[0].code == pair[1].code]
        for kind in listed:
            assert kind.words.endswith(".")
            assert 400 <= kind.status < 600


class TestPrincipal:
    @pytest.mark.parametrize(
        ("held", "asked", "may"),
        [
            ({"pets:write"}, "pets:write", True),
            ({"pets:write"}, "pets:delete", False),
            ({"pets:*"}, "pets:delete", True),
            ({"pets:*"}, "petstory:write", False),
            ({"*"}, "tenants:write", True),
            (set(), "pets:write", False),
        ],
    )
    def test_wildcards_hold_what_they_cover(self, held: set[str], asked: str, may: bool) -> None:
        """`*` holds everything, `service:*` one service's permissions, a name itself."""
        caller = Principal(id="key:1", tenant=DEFAULT_TENANT, proof="api_key", permissions=frozenset(held))
        assert caller.may(asked) is may
        assert not ANONYMOUS.may(asked)
