"""The key rule keeps tenants, parts and pieces apart."""

from hypothesis import given
from hypothesis import strategies as some

from esteio.redis.keys import key

pieces = some.lists(some.text(max_size=300), min_size=1, max_size=4)


def hash_tag(text: str) -> str:
    """The part of a key by which Redis Cluster chooses the slot."""
    return text[text.index("{") + 1 : text.index("}")]


def test_a_key_names_its_tenant_as_the_hash_tag():
    """All keys of a tenant live together on a Cluster."""
    assert key("limit", "t1", "a:b", 7) == "esteio:{t1}:limit:a%3Ab:7"


@given(pieces, pieces)
def test_different_pieces_make_different_keys(left: list[str], right: list[str]):
    """Two lists of pieces name one key only when they are equal."""
    assert (key("part", *left) == key("part", *right)) == (left == right)


@given(some.text(min_size=1, max_size=2000), some.text(max_size=2000))
def test_keys_are_bounded_and_plain(tenant: str, piece: str):
    """Whatever it is made of, a key is short, printable ASCII, and its hash tag is the tenant's alone."""
    made = key("part", tenant, piece)
    assert len(made) < 230
    assert made.isascii()
    assert made.isprintable()
    assert " " not in made
    assert hash_tag(made) == hash_tag(key("other", tenant))
