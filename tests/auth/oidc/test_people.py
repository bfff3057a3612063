"""Who is seen for the first time: accounts, memberships and tenants, made once, and never anybody else's."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from esteio.auth.administration import create_user, tenant_named
from esteio.auth.parts import Auth
from esteio.auth.proof import Proof
from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.standins.oidc import Issuer, running_oidc
from tests.auth.desk import PASSWORD, again, logged_in, rows
from tests.auth.oidc.door import GENERIC, admitted, door, proved, terms

pytestmark = pytest.mark.anyio
_numbers = count(1)


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture(scope="module")
def issuer(clock: TurnableClock) -> Iterator[Issuer]:
    with running_oidc(clock=clock.timestamp) as running:
        yield running


@pytest.fixture
def name() -> str:
    """What nobody was called before."""
    return f"n{next(_numbers)}"


async def made(url: str, table: str) -> int:
    found: int = (await rows(url, f"SELECT count(*) AS n FROM {table}"))[0]["n"]
    return found


async def audited(url: str, subject: str) -> list[tuple[str, UUID, str]]:
    found = await rows(
        url, "SELECT action, tenant_id, actor FROM audit_log WHERE subject = $1 ORDER BY position", subject
    )
    return [(row["action"], row["tenant_id"], row["actor"]) for row in found]


async def email_of(url: str, proof: Proof) -> tuple[str | None, str | None]:
    row = (await rows(url, "SELECT email, reported_email FROM users WHERE id = $1", proof.principal.user))[0]
    return row["email"], row["reported_email"]


async def test_a_person_is_made_once_and_found_again(url: str, clock: TurnableClock, issuer: Issuer, name: str) -> None:
    """The first token makes account, tenant and membership, audited; the next find them and write nothing."""
    async with door(url, clock, terms(issuer, **GENERIC)) as auth:
        first = await admitted(
            auth, issuer.token(name, organisation=name, email="A.B@Example.org", more={"name": "Ana"})
        )
        before = [await made(url, table) for table in ("users", "tenants", "memberships", "audit_log")]
        second = await admitted(auth, issuer.token(name, organisation=name, email="a.b@example.org"))
        assert first.principal == second.principal and first.principal.label == "Ana"
        assert [await made(url, table) for table in ("users", "tenants", "memberships", "audit_log")] == before
        assert await email_of(url, first) == (None, "a.b@example.org")
        tenant, actor = first.principal.tenant, f"issuer:{issuer.issuer}"
        assert await audited(url, first.principal.id) == [("user.created", tenant, actor)]
        assert await audited(url, f"tenant:{tenant}") == [("tenant.created", DEFAULT_TENANT, actor)]


async def test_nobody_knows_a_subject_from_what_lies_open(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """What is read before a tenant is known holds digests, not subjects or organisations."""
    async with door(url, clock, terms(issuer, **GENERIC)) as auth:
        proof = await admitted(auth, issuer.token(name, organisation=name))
    found = await rows(url, "SELECT digest FROM identities WHERE user_id = $1", proof.principal.user)
    found += await rows(url, "SELECT digest FROM tenant_identities WHERE tenant_id = $1", proof.principal.tenant)
    assert len(found) == 2 and all(len(row["digest"]) == 32 and name.encode() not in row["digest"] for row in found)


@pytest.mark.parametrize("organisation", [True, False], ids=["in a new organisation", "in a tenant that is there"])
async def test_concurrent_first_sights_make_one_account(
    organisation: bool, url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Many processes that see somebody for the first time at once make one account, membership and tenant."""
    async with AsyncExitStack() as stack:
        said = terms(issuer, **GENERIC, tenant="default")
        desks = [await stack.enter_async_context(door(url, clock, said)) for _ in range(3)]
        place = {"organisation": name} if organisation else {}
        tokens = [issuer.token(name, **place, jti=str(number)) for number in range(15)]
        proofs = await asyncio.gather(
            *(desks[at % 3].prover.by_bearer(text.encode()) for at, text in enumerate(tokens))
        )
        assert len({proof.principal.user for proof in proofs if proof is not None}) == 1 and None not in proofs
        assert len({proof.principal.tenant for proof in proofs if proof is not None}) == 1
        user = proofs[0].principal.user if proofs[0] else None
        for table, column in (("memberships", "user_id"), ("identities", "user_id"), ("users", "id")):
            assert len(await rows(url, f"SELECT FROM {table} WHERE {column} = $1", user)) == 1
        assert [entry[0] for entry in await audited(url, f"user:{user}")] == ["user.created"]


async def test_many_people_of_a_new_organisation_at_once_make_one_tenant(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Its first members may come together."""
    async with door(url, clock, terms(issuer, **GENERIC)) as one, door(url, clock, terms(issuer, **GENERIC)) as two:
        tokens = [issuer.token(f"{name}-{number}", organisation=name).encode() for number in range(10)]
        proofs = await asyncio.gather(*((one, two)[at % 2].prover.by_bearer(raw) for at, raw in enumerate(tokens)))
    assert None not in proofs and len({proof.principal.user for proof in proofs if proof}) == 10
    assert len({proof.principal.tenant for proof in proofs if proof}) == 1
    assert len(await rows(url, "SELECT FROM tenants WHERE slug = $1", name)) == 1


async def test_one_account_in_two_organisations_acts_in_the_one_of_its_token(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """A person is one account; a token of one organisation never acts in another, whatever the person is there."""
    mapped = {**GENERIC, "role_map": {"boss": "admin"}}
    async with door(url, clock, terms(issuer, **mapped)) as auth:
        here = await admitted(auth, issuer.token(name, organisation=f"{name}-a", role="boss"))
        there = await admitted(auth, issuer.token(name, organisation=f"{name}-b"))
        again_here = await admitted(auth, issuer.token(name, organisation=f"{name}-a", role="boss"))
    assert here.principal.user == there.principal.user and here.principal.tenant != there.principal.tenant
    assert here.principal == again_here.principal
    assert here.principal.roles == ("admin",) and there.principal.roles == ("user",)
    assert there.rests_on == (f"user:{there.principal.user}", f"tenant:{there.principal.tenant}")


async def test_an_unknown_organisation_is_refused_unless_tenants_may_be_made(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Nothing is made of its token, and organisations that the operator has named act in the named tenant."""
    await rows(url, "INSERT INTO tenants (id, slug, name, version) VALUES (gen_random_uuid(), $1, 'N', 1)", name)
    mapped = {"organizations": {"org_ours": name, "org_later": f"{name}-later"}}
    async with door(url, clock, terms(issuer, **mapped)) as auth:
        before = [await made(url, table) for table in ("users", "tenants", "identities")]
        assert await proved(auth, issuer.token(name, organisation="theirs")) is None
        assert await proved(auth, issuer.token(name, organisation="later")) is None, "the tenant is not there yet"
        assert [await made(url, table) for table in ("users", "tenants", "identities")] == before
        proof = await admitted(auth, issuer.token(name, organisation="ours"))
        assert proof.principal.tenant == await tenant_named(auth, name)
        await rows(
            url, "INSERT INTO tenants (id, slug, name, version) VALUES (gen_random_uuid(), $1, 'N', 1)", f"{name}-later"
        )
        assert await proved(auth, issuer.token(name, organisation="later")) is not None


async def test_a_token_without_an_organisation_needs_a_tenant_for_it(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Unless the operator says where, it is refused."""
    async with door(url, clock, terms(issuer, **GENERIC)) as auth:
        assert await proved(auth, issuer.token(name)) is None
    async with door(url, clock, terms(issuer, tenant="default")) as auth:
        assert (await admitted(auth, issuer.token(name))).principal.tenant == DEFAULT_TENANT


async def test_slugs_are_theirs_when_free_and_valid(url: str, clock: TurnableClock, issuer: Issuer, name: str) -> None:
    """Else one is derived; none that is taken, or that the operator has named for another purpose, is given away."""
    said = {**GENERIC, "tenant": f"{name}-staff", "organizations": {"x": f"{name}-named"}}

    async def slug(auth: Auth, organization: str, **claims: Any) -> str:
        proof = await admitted(auth, issuer.token(name, org_id=organization, **claims))
        return str((await rows(url, "SELECT slug FROM tenants WHERE id = $1", proof.principal.tenant))[0]["slug"])

    async with door(url, clock, terms(issuer, **said)) as auth:
        assert await slug(auth, f"{name}1", org_slug=f"{name}-free") == f"{name}-free"
        taken = await slug(auth, f"{name}2", org_slug=f"{name}-free")
        assert taken.startswith(f"{name}-free-") and len(taken) == len(f"{name}-free-") + 8
        for number, reserved in enumerate((f"{name}-staff", f"{name}-named", "default")):
            assert (await slug(auth, f"{name}3{number}", org_slug=reserved)).startswith(f"{reserved}-")
        assert (await slug(auth, f"{name}4", org_slug="Ação & Cia.", org_name="x")).startswith("a-o-cia-")
        assert (await slug(auth, f"{name}5", org_name=f"{name} Works")).startswith(f"{name}-works-")
        assert (await slug(auth, f"{name}6", org_slug="日本")).startswith("org-")
        assert (await slug(auth, f"{name}7")).startswith("org-")
        assert len(await slug(auth, f"{name}8", org_slug="x" * 200)) <= 63
        assert len(await rows(url, "SELECT FROM tenants WHERE slug = $1", f"{name}-staff")) == 0


async def test_the_address_of_an_account_of_ours_takes_nothing_over(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Whoever an issuer calls by an address of ours, verified or not, is somebody else; and nobody logs in by it."""
    email = f"{name}@example.org"
    async with door(url, clock, terms(issuer, tenant="default")) as auth:
        ours = await logged_in(auth, email, roles=["admin"])
        await rows(url, "UPDATE users SET email_verified_at = now() WHERE id = $1", ours.user)
        proof = await admitted(auth, issuer.token(name, email=email, email_verified=True))
        assert proof.principal.user != ours.user and proof.principal.roles == ("user",)
        assert await email_of(url, proof) == (None, email)
        assert (await again(auth, email)).user == ours.user
        lonely = f"{name}-lonely@example.org"
        assert await proved(auth, issuer.token(f"{name}-2", email=lonely)) is not None
        await create_user(auth, email=lonely, password=PASSWORD)
        assert (await again(auth, lonely)).user != proof.principal.user


async def test_verified_addresses_are_linked_where_the_operator_wants_it(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Both sides must have confirmed the address; then it is the same account, and stays it."""
    email = f"{name}@example.org"
    linking = {"tenant": "default", "link_verified_emails": True}
    async with door(url, clock, terms(issuer, **linking)) as auth:
        ours = await logged_in(auth, email)
        await rows(url, "UPDATE users SET email_verified_at = NULL WHERE id = $1", ours.user)
        unconfirmed = await admitted(auth, issuer.token(f"{name}-a", email=email, email_verified=True))
        await rows(url, "UPDATE users SET email_verified_at = now() WHERE id = $1", ours.user)
        for number, verified in enumerate((False, None, "true", 1)):
            said = issuer.token(f"{name}-b{number}", email=email, email_verified=verified)
            assert (await admitted(auth, said)).principal.user != ours.user
        linked = await admitted(auth, issuer.token(f"{name}-c", email=email.upper(), email_verified=True))
        later = await admitted(auth, issuer.token(f"{name}-c", email="other@example.org", email_verified=True))
        assert unconfirmed.principal.user != ours.user == linked.principal.user == later.principal.user
        assert await email_of(url, linked) == (email, None)
        assert ("user.linked", DEFAULT_TENANT, f"issuer:{issuer.issuer}") in await audited(url, f"user:{ours.user}")


async def test_what_an_issuer_reports_is_kept_in_step(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """A later token's address counts, an older one's does not, and one that is called unverified is not kept."""
    async with door(url, clock, terms(issuer, tenant="default")) as auth:
        now = int(clock.timestamp())
        proof = await admitted(auth, issuer.token(name, email="one@example.org", iat=now - 50))
        await admitted(auth, issuer.token(name, email="two@example.org", iat=now - 40))
        assert await email_of(url, proof) == (None, "two@example.org")
        await admitted(auth, issuer.token(name, email="one@example.org", iat=now - 50))
        await admitted(auth, issuer.token(name, email="three@example.org", email_verified=False, iat=now - 30))
        await admitted(auth, issuer.token(name, email="no address", iat=now - 20))
        assert await email_of(url, proof) == (None, "two@example.org")


DISABLED = {
    "account": (
        "UPDATE users SET disabled_at = now() WHERE id = $1",
        "UPDATE users SET disabled_at = NULL WHERE id = $1",
    ),
    "membership": (
        "UPDATE memberships SET disabled_at = now() WHERE user_id = $1",
        "UPDATE memberships SET disabled_at = NULL WHERE user_id = $1",
    ),
    "tenant": (
        "UPDATE tenants SET disabled_at = now() WHERE id IN (SELECT home_tenant FROM users WHERE id = $1)",
        "UPDATE tenants SET disabled_at = NULL WHERE id IN (SELECT home_tenant FROM users WHERE id = $1)",
    ),
}


@pytest.mark.parametrize("what", DISABLED)
async def test_what_was_disabled_here_stays_so(
    what: str, url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """Within the freshness every token of theirs is refused, new roles change nothing, and nothing new is made."""
    disable, enable = DISABLED[what]
    mapped = {**GENERIC, "role_map": {"boss": "admin"}}
    async with door(url, clock, terms(issuer, **mapped)) as auth:
        raw = issuer.token(name, organisation=name, lifetime=9999).encode()
        proof = await auth.prover.by_bearer(raw)
        assert proof is not None and auth.credentials.fresh(raw) is not None
        await rows(url, disable, proof.principal.user)
        clock.turn(auth.settings.freshness_seconds)
        before = [await made(url, table) for table in ("users", "tenants", "memberships", "audit_log")]
        assert auth.credentials.fresh(raw) is None and await auth.prover.by_bearer(raw) is None
        assert await proved(auth, issuer.token(name, organisation=name, role="boss")) is None
        if what == "account":
            assert await proved(auth, issuer.token(name, organisation=f"{name}-other")) is None
        if what == "tenant":
            assert await proved(auth, issuer.token(f"{name}-another", organisation=name)) is None
        assert [await made(url, table) for table in ("users", "tenants", "memberships", "audit_log")] == before
        await rows(url, enable, proof.principal.user)
        assert await proved(auth, issuer.token(name, organisation=name)) is not None


async def test_who_was_removed_is_a_new_member(url: str, clock: TurnableClock, issuer: Issuer, name: str) -> None:
    """The account is found again, with the roles that the issuer gives now."""
    async with door(url, clock, terms(issuer, **GENERIC)) as auth:
        first = await admitted(auth, issuer.token(name, organisation=name))
        await rows(url, "DELETE FROM memberships WHERE user_id = $1", first.principal.user)
        assert (await admitted(auth, issuer.token(name, organisation=name))).principal == first.principal


async def test_names_of_others_are_shown_as_far_as_they_fit(
    url: str, clock: TurnableClock, issuer: Issuer, name: str
) -> None:
    """A name may be as long or as odd as it likes: what it names is found by its digest and shown as far as it fits."""
    async with door(url, clock, terms(issuer, **GENERIC)) as auth:
        odd = issuer.token(
            name, org_id="x" * 500, org_name="N\x00ame\u202e " + "y" * 300, more={"name": "\x00\n" + "z" * 300}
        )
        proof = await admitted(auth, odd)
        row = (await rows(url, "SELECT name FROM tenants WHERE id = $1", proof.principal.tenant))[0]
        assert row["name"].startswith("Name ") and len(row["name"]) == 200 and proof.principal.label == "z" * 200
