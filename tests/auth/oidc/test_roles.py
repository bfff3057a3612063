"""What an issuer's word is worth: roles in step, never more than the operator allows, less in the default tenant."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from esteio.auth.parts import Auth
from esteio.auth.permissions import PLATFORM
from esteio.auth.proof import Proof
from esteio.base.clock import TurnableClock
from esteio.standins.oidc import Issuer, running_oidc
from tests.auth.desk import rows
from tests.auth.oidc.door import CLERK, GENERIC, admitted, door, terms

pytestmark = pytest.mark.anyio
_numbers = count(1)
MAPPED = {"role_map": {"boss": "admin", "reader": "viewer", "writer": "editor"}}


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture(scope="module")
def issuer(clock: TurnableClock) -> Iterator[Issuer]:
    with running_oidc(clock=clock.timestamp) as running:
        yield running


@pytest.fixture
def name() -> str:
    return f"r{next(_numbers)}"


async def versions(url: str, proof: Proof) -> tuple[list[str], int]:
    """The membership's roles and how often it was changed."""
    statement = "SELECT roles, version FROM memberships WHERE user_id = $1 AND tenant_id = $2"
    row = (await rows(url, statement, proof.principal.user, proof.principal.tenant))[0]
    return list(row["roles"]), row["version"]


async def changes(url: str, proof: Proof) -> list[Any]:
    return await rows(
        url,
        "SELECT details FROM audit_log WHERE subject = $1 AND action = 'user.changed' ORDER BY position",
        proof.principal.id,
    )


async def test_roles_follow_the_issuer_with_one_write_each(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """A change is written and audited once, and who comes with the same roles again writes nothing."""
    now = int(clock.timestamp())
    async with door(url, clock, terms(issuer, **GENERIC, **MAPPED)) as auth:
        proof = await admitted(auth, issuer.token(name, organisation=name, role="boss", iat=now - 60))
        assert await versions(url, proof) == (["admin"], 1)
        for _ in range(3):
            lesser = await admitted(auth, issuer.token(name, organisation=name, role="reader", iat=now - 50))
            assert lesser.principal.roles == ("viewer",)
            assert await versions(url, proof) == (["viewer"], 2)
        assert len(await changes(url, proof)) == 1
        assert '"before": ["admin"]' in (await changes(url, proof))[0]["details"]


async def test_an_older_token_gives_nothing_back(url: str, clock: TurnableClock, issuer: Issuer, name: str) -> None:
    """Once a later token has said less, one that was made before it holds what the later one said."""
    now = int(clock.timestamp())
    async with door(url, clock, terms(issuer, **GENERIC, **MAPPED)) as auth:
        boss = issuer.token(name, organisation=name, role="boss", iat=now - 60)
        plain = issuer.token(name, organisation=name, role="reader", iat=now - 50)
        assert (await admitted(auth, boss)).principal.roles == ("admin",)
        assert (await admitted(auth, plain)).principal.roles == ("viewer",)
        for _ in range(3):
            assert (await admitted(auth, boss)).principal.roles == ("viewer",)
            assert await versions(url, await admitted(auth, plain)) == (["viewer"], 2)


async def test_a_change_reaches_what_other_processes_remember(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """What was proved before the change is dropped where it was made, and elsewhere within the freshness."""
    now = int(clock.timestamp())
    both = terms(issuer, **GENERIC, **MAPPED)
    async with door(url, clock, both) as here, door(url, clock, both) as there:
        boss = issuer.token(name, organisation=name, role="boss", iat=now - 60, lifetime=9999).encode()
        for auth in (here, there):
            assert await auth.prover.by_bearer(boss) is not None and auth.credentials.fresh(boss) is not None
        plain = issuer.token(name, organisation=name, role="reader", iat=now - 50, lifetime=9999).encode()
        assert await here.prover.by_bearer(plain) is not None
        assert here.credentials.fresh(boss) is None
        clock.turn(there.settings.freshness_seconds)
        proof = await there.prover.by_bearer(boss)
        assert there.credentials.fresh(boss) is proof and proof is not None and proof.principal.roles == ("viewer",)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("boss", "admin"),
        ("unmapped", "user"),
        (["unmapped", "reader"], "viewer"),
        (None, "user"),
        ([], "user"),
        (7, "user"),
    ],
    ids=str,
)
async def test_only_mapped_roles_count(
    role: Any, expected: str, url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Others give nothing, and who has none that is mapped gets the default role, also after having had more."""
    now = int(clock.timestamp())
    async with door(url, clock, terms(issuer, **GENERIC, **MAPPED)) as auth:
        token = issuer.token(name, organisation=name, roles=role, iat=now - 60)
        assert (await admitted(auth, token)).principal.roles == (expected,)
        assert (await admitted(auth, issuer.token(name, organisation=name, role="boss", iat=now - 50))).principal.may(
            "*"
        ) is False
        token = issuer.token(name, organisation=name, roles=role, iat=now - 40)
        assert (await admitted(auth, token)).principal.roles == (expected,)


async def test_without_a_default_role_nothing_is_held(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Somebody may be known and hold nothing."""
    async with door(url, clock, terms(issuer, **GENERIC, default_role=None)) as auth:
        proof = await admitted(auth, issuer.token(name, organisation=name, role="boss"))
        assert proof.principal.roles == () and proof.principal.permissions == frozenset()


async def given_here(url: str, proof: Proof, *roles: str) -> None:
    await rows(url, "UPDATE memberships SET roles = $2 WHERE user_id = $1", proof.principal.user, list(roles))


async def test_roles_that_an_issuer_does_not_say_are_ours_to_give(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Where no role is mapped, what our administrators gave stays whatever the token says of roles."""
    async with door(url, clock, terms(issuer, **GENERIC)) as auth:
        proof = await admitted(auth, issuer.token(name, organisation=name, role="boss"))
        assert proof.principal.roles == ("user",)
        await given_here(url, proof, "admin")
        clock.turn(1)
        assert (await admitted(auth, issuer.token(name, organisation=name, role="reader"))).principal.roles == (
            "admin",
        )


async def test_clerk_says_no_role_outside_an_organisation(url: str, clock: TurnableClock, name: str) -> None:
    """A person without an organisation has the roles that were given here."""
    await rows(url, "INSERT INTO tenants (id, slug, name, version) VALUES (gen_random_uuid(), $1, 'N', 1)", name)
    with running_oidc("clerk", clock=clock.timestamp) as clerk:
        async with door(url, clock, terms(clerk, **CLERK, tenant=name)) as auth:
            proof = await admitted(auth, clerk.token(name))
            assert proof.principal.roles == ("user",)
            await given_here(url, proof, "admin")
            clock.turn(1)
            assert (await admitted(auth, clerk.token(name))).principal.roles == ("admin",)


async def test_a_tenants_own_role_may_be_mapped(url: str, clock: TurnableClock, issuer: Issuer, name: str) -> None:
    """It gives what the tenant made it hold, within what a tenant can hold."""
    async with door(url, clock, terms(issuer, **GENERIC, **MAPPED)) as auth:
        proof = await admitted(auth, issuer.token(name, organisation=name, role="writer"))
        assert proof.principal.roles == ("editor",) and proof.principal.permissions == frozenset()
        own = "INSERT INTO roles (tenant_id, name, permissions, version) VALUES ($1, 'editor', $2, 1)"
        await rows(url, own, proof.principal.tenant, ["pets:write", "tenants:write"])
        proof = await admitted(auth, issuer.token(name, organisation=name, role="writer"))
        assert proof.principal.permissions == {"pets:write"}


def platform(proof: Proof) -> list[str]:
    """What the caller holds of the platform, by whatever wildcard."""
    return [area for area in PLATFORM if proof.principal.may(f"{area}:write") or proof.principal.may(f"{area}:read")]


async def test_no_organisation_ever_holds_anything_of_the_platform(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Not by a role, not by a permission that the operator accepts, not where platform roles are allowed."""
    more = {**MAPPED, "platform_roles": True, "accepted_permissions": ["tenants:write", "limits:*", "signing:read"]}
    async with door(url, clock, terms(issuer, **GENERIC, **more)) as auth:
        said = issuer.token(
            name, organisation=name, role="boss", permissions=["tenants:write", "limits:write", "signing:read"]
        )
        proof = await admitted(auth, said)
        assert proof.principal.may("keys:write") and platform(proof) == []


DEFAULT: dict[str, Any] = {"tenant": "default", **MAPPED, "accepted_permissions": ["pets:delete", "tenants:write"]}


async def in_default(auth: Auth, issuer: Issuer, name: str, role: str) -> Proof:
    return await admitted(auth, issuer.token(name, role=role, permissions=["pets:delete", "tenants:write"]))


@pytest.mark.parametrize(("role", "expected"), [("boss", "user"), ("reader", "viewer"), ("writer", "user")])
async def test_in_the_default_tenant_nobody_is_more_than_a_user(
    role: str, expected: str, url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Whatever the role maps to, the token says, or the membership was given: there it is `user` or `viewer`."""
    async with door(url, clock, terms(issuer, **DEFAULT), user_permissions=("pets:write",)) as auth:
        proof = await in_default(auth, issuer, name, role)
        assert proof.principal.roles == (expected,)
        assert proof.principal.permissions <= {"pets:write"}
        assert await versions(url, proof) == ([expected], 1)
        await given_here(url, proof, "admin")
    async with door(url, clock, terms(issuer, tenant="default"), user_permissions=("pets:write",)) as auth:
        proof = await in_default(auth, issuer, name, role)
        assert proof.principal.roles == ("user",) and proof.principal.permissions == {"pets:write"}


async def test_platform_roles_are_given_where_the_operator_says_so(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """With `platform_roles` a mapped administrator of the default tenant is one, and accepted permissions count."""
    async with door(url, clock, terms(issuer, **DEFAULT, platform_roles=True)) as auth:
        assert (await in_default(auth, issuer, name, "boss")).principal.permissions >= {"*"}
        reader = await in_default(auth, issuer, f"{name}-r", "reader")
        assert reader.principal.may("pets:delete") and reader.principal.may("tenants:write")
        assert not reader.principal.may("keys:write")
