"""Permissions: which exist, who holds them, and that nobody gives away what they lack."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.auth.environment import EnvironmentKeys
from esteio.auth.permissions import PERMISSIONS, PLATFORM, area, permissions_of
from esteio.auth.settings import AuthSettings
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.http.rules import AUTHENTICATED

PRODUCTS = {"pets:write": "change pets", "pets:delete": "delete pets", "store:order": "order"}
EVERY = permissions_of({**PRODUCTS, "metrics:read": "read metrics", AUTHENTICATED: "be known"}, {"store:order"})
NAMES = st.sampled_from([*PERMISSIONS, *PRODUCTS, "*", "pets:*", "keys:*", "tenants:*"])


def caller(tenant: object, *held: str) -> Principal:
    permissions = EVERY.within(tenant, held)  # type: ignore[arg-type]
    return Principal(id="user:1", tenant=tenant, proof="token", permissions=permissions)  # type: ignore[arg-type]


@given(held=st.sets(NAMES), wanted=st.sets(NAMES), elsewhere=st.booleans())
def test_what_is_given_never_exceeds_what_is_held(held: set[str], wanted: set[str], elsewhere: bool) -> None:
    """Whoever may give some permissions could do everything that these allow in the same tenant."""
    tenant = uuid4() if elsewhere else DEFAULT_TENANT
    giver = caller(tenant, *held)
    if EVERY.missing(giver, wanted):
        return
    taker = caller(tenant, *wanted)
    assert all(giver.may(name) for name in EVERY.declared if taker.may(name))


@given(held=st.sets(NAMES))
def test_outside_the_default_tenant_nobody_holds_anything_of_the_platform(held: set[str]) -> None:
    """No set of permissions, wildcards included, reaches the deployment from another tenant."""
    stranger = caller(uuid4(), *held)
    assert not any(stranger.may(name) for name in EVERY.declared if area(name) in PLATFORM)


def test_an_administrator_of_a_tenant_can_make_another_one() -> None:
    """`*` can be given by who holds everything that a tenant has, and by nobody with less."""
    tenant = uuid4()
    assert EVERY.missing(caller(tenant, "*"), {"*"}) == []
    assert EVERY.missing(caller(tenant, "keys:*", "users:*"), {"*"}) == ["*"]
    assert EVERY.missing(caller(DEFAULT_TENANT, "keys:write"), {"*", "keys:*"}) == ["*", "keys:*"]


def test_a_permission_of_users_that_nobody_declares_stops_the_start() -> None:
    """An operator's slip in the setting is found at the start."""
    with pytest.raises(ValueError, match="pets:wriet"):
        permissions_of(PRODUCTS, (), ("pets:wriet",))


def test_what_the_operator_chose_for_users_takes_the_place_of_what_products_say() -> None:
    """The setting wins over the manifests; without it the manifests speak."""
    assert permissions_of(PRODUCTS, {"store:order"}).of_role("user") == {"store:order"}
    assert permissions_of(PRODUCTS, {"store:order"}, ("pets:write",)).of_role("user") == {"pets:write"}


def test_keys_of_the_environment_hold_the_products_and_no_administration() -> None:
    """Without named scopes such a key may do all that products declare, and nothing to keys, users or limits."""
    keys = EnvironmentKeys(["a key of the environment"], (), EVERY)
    proof = keys.proof(b"a key of the environment")
    assert proof is not None and proof.principal.permissions == set(PRODUCTS)


def test_every_key_of_the_environment_works_and_blanks_are_none() -> None:
    """First and additional keys all prove themselves; blanks and doubles between commas are ignored."""
    settings = AuthSettings.model_validate(
        {"api_key": "first-key", "api_keys_additional": " second-key, ,third-key,,second-key "}
    )
    assert settings.environment_keys() == ("first-key", "second-key", "third-key")
    keys = EnvironmentKeys(settings.environment_keys(), ("*",), EVERY)
    found = [keys.proof(raw) for raw in (b"first-key", b"second-key", b"third-key")]
    assert len({proof.principal.id for proof in found if proof}) == 3
    assert all(keys.proof(raw) is None for raw in (b"", b" ", b"first-ke", b"first-keyy", b"FIRST-KEY", b"\xff"))


def test_blank_means_no_key_at_all() -> None:
    """Empty settings open nothing."""
    settings = AuthSettings.model_validate({"api_key": "  ", "api_keys_additional": " , "})
    assert EnvironmentKeys(settings.environment_keys(), ("*",), EVERY).proof(b"") is None


def test_a_short_key_stops_the_start_and_is_not_shown() -> None:
    """A key of fewer than eight characters is refused; the words do not repeat it."""
    with pytest.raises(ValueError, match="at least 8") as refused:
        AuthSettings.model_validate({"api_keys_additional": "long-enough,sh0rt"})
    assert "sh0rt" not in str(refused.value)
