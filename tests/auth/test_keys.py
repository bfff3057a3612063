"""What an API key looks like, and what a wrong one costs."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.auth.keys import beginning, make_key, well_formed
from esteio.base.ids import ALPHABET
from tests.auth.desk import desk, new_key, reads, rows
from tests.house import altered

pytestmark = pytest.mark.anyio


def test_a_key_is_prefix_thirty_random_and_six_that_check() -> None:
    """Live and test keys differ in their prefix; both are 45 characters and well formed."""
    live, test = make_key(), make_key(test=True)
    assert live.text.startswith("est_live_") and test.text.startswith("est_test_")
    assert len(live.text) == len(test.text) == 45
    assert well_formed(live.text.encode()) and well_formed(test.text.encode())
    assert live.last_four == live.text[-4:]


def test_a_key_does_not_show_itself_when_it_is_printed() -> None:
    """Neither text nor last characters appear in the representation that a debugger or a log would show."""
    key = make_key()
    assert key.text not in repr(key) and key.text[9:20] not in repr(key)


@given(position=st.integers(9, 44), letter=st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_found(position: int, letter: str) -> None:
    """Every key with one letter exchanged is refused by its checksum."""
    text = make_key().text
    wrong = text[:position] + letter + text[position + 1 :]
    assert well_formed(wrong.encode()) == (wrong == text)


@given(position=st.integers(9, 43))
def test_two_letters_that_changed_places_are_found(position: int) -> None:
    """The slip of two neighbours is refused by the checksum."""
    text = make_key().text
    wrong = text[:position] + text[position + 1] + text[position] + text[position + 2 :]
    assert well_formed(wrong.encode()) == (wrong == text)


@given(st.binary(max_size=100))
def test_anything_else_is_no_key(raw: bytes) -> None:
    """No other bytes are taken for a key, and none make the check fail."""
    assert not well_formed(raw)


def test_at_most_eight_characters_of_a_key_are_ever_shown() -> None:
    """A refused credential is logged by its first eight characters, and not at all when it is shorter."""
    assert beginning(b"est_live_secret") == "est_live"
    assert beginning(b"12345678") == "***"
    assert beginning(b"\xff" * 20) == "\ufffd" * 8


async def test_a_typo_costs_no_query(url: str) -> None:
    """A key whose checksum is wrong is refused before anything is asked of the database."""
    async with desk(url) as auth:
        key = (await new_key(auth)).key
        typo = altered(key, 20)
        before = reads(auth)
        assert await auth.prover.by_key(typo.encode()) is None
        assert await auth.prover.by_bearer(typo.encode()) is None
        assert reads(auth) == before


async def test_a_well_formed_stranger_costs_one_query(url: str) -> None:
    """A key that was never made is looked up once; presented again it is remembered as refused."""
    async with desk(url) as auth:
        stranger = make_key().text.encode()
        before = reads(auth)
        assert [await auth.prover.by_key(stranger) for _ in range(5)] == [None] * 5
        assert reads(auth) == before + 1


async def test_a_good_key_costs_one_query_while_it_is_fresh(url: str) -> None:
    """A proved key is looked up in one statement, and not again while it is believed."""
    async with desk(url) as auth:
        key = (await new_key(auth, "pets:write")).key.encode()
        before = reads(auth)
        proof = await auth.prover.by_key(key)
        assert proof is not None and proof.principal.may("pets:write") and not proof.principal.may("pets:delete")
        assert auth.credentials.fresh(key) is proof
        assert reads(auth) == before + 1


async def test_the_text_of_a_key_is_stored_nowhere(url: str) -> None:
    """Neither a key nor its plain SHA-256 can be found in any table; what is stored needs the master secret."""
    async with desk(url) as auth:
        text = (await new_key(auth)).key
    tables = ("api_keys", "api_key_digests", "audit_log")
    dump = str([await rows(url, f"SELECT t::text FROM {table} t") for table in tables])
    assert text not in dump and text[9:39] not in dump
    assert hashlib.sha256(text.encode()).hexdigest() not in dump


@pytest.mark.parametrize("members", [{"enabled": False}, {"revoked_at": "now()"}, {"expires_at": "'2025-12-31'"}])
async def test_a_key_that_is_off_revoked_or_expired_proves_nothing(url: str, members: dict[str, object]) -> None:
    """Each of the three alone is enough to refuse it."""
    async with desk(url) as auth:
        key = await new_key(auth)
        for name, value in members.items():
            await rows(url, f"UPDATE api_keys SET {name} = {value} WHERE id = $1", key.id)
        assert await auth.prover.by_key(key.key.encode()) is None


async def test_the_use_of_a_key_is_noted(url: str) -> None:
    """`last_used_at` follows the use of a key, at most once a minute."""
    async with desk(url) as auth:
        key = await new_key(auth)
        await auth.prover.by_key(key.key.encode())
        await auth.keys.settle()
        used = (await rows(url, "SELECT last_used_at, version FROM api_keys WHERE id = $1", key.id))[0]
        assert used["last_used_at"] == auth.clock.now() and used["version"] == 1
