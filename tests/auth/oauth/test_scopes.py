"""What scopes cover and have in common, and what a form says, whatever is written into them."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.auth.oauth.errors import InvalidClient, InvalidRequest
from esteio.auth.oauth.form import FORM, parameters, presented
from esteio.auth.oauth.scopes import common
from esteio.base.principal import DEFAULT_TENANT, Principal

AREAS, VERBS = ("pets", "keys", "limits"), ("read", "write", "*")
SCOPES = st.sets(st.builds(lambda area, verb: f"{area}:{verb}", st.sampled_from(AREAS), st.sampled_from(VERBS)))
ASKED = [f"{area}:{verb}" for area in AREAS for verb in ("read", "write", "delete")]


def may(scopes: frozenset[str] | set[str], permission: str) -> bool:
    who = Principal(id="client:x", tenant=DEFAULT_TENANT, proof="client", permissions=frozenset(scopes))
    return who.may(permission)


@given(SCOPES, SCOPES)
def test_common_allows_what_both_allow(one: set[str], other: set[str]) -> None:
    """A permission is held through what two sets have in common exactly where it is held through each."""
    both = common(one, other)
    for permission in ASKED:
        assert may(both, permission) == (may(one, permission) and may(other, permission))


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=30))
def test_a_form_is_read_as_it_was_meant(sent: dict[str, str]) -> None:
    """What a client form-encodes arrives as it was, whatever characters it has."""
    assert parameters(FORM, b"", urlencode(sent).encode()) == sent


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_any_bytes_are_read_or_refused(body: bytes, authorization: bytes) -> None:
    """Nothing that may be sent leads to more than a refusal."""
    try:
        presented(authorization, parameters(FORM, b"", body))
    except (InvalidRequest, InvalidClient) as refusal:
        assert refusal.detail.isascii()


@pytest.mark.parametrize("kind", [b"", b"application/json", b"multipart/form-data; boundary=x", b"text/plain"])
def test_another_type_is_refused(kind: bytes) -> None:
    """A body that says it is something else is not taken for a form."""
    with pytest.raises(InvalidRequest):
        parameters(kind, b"", b"grant_type=client_credentials")
