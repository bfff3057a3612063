"""Tokens of each issuer's shape, good and bad: what they prove, and that nothing bad proves anything."""

import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import jwt
import pytest

from esteio.auth.oidc.verifier import LARGEST
from esteio.auth.parts import Auth
from esteio.auth.proof import Proof
from esteio.base.clock import TurnableClock
from esteio.standins.oidc import Issuer, running_oidc
from tests.auth.desk import rows
from tests.auth.oidc.door import AUTH0, CLERK, GENERIC, KEYCLOAK, admitted, door, proved, terms

pytestmark = pytest.mark.anyio

Making = Callable[..., Any]


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    return TurnableClock()


@contextmanager
def shaped(shape: str, clock: TurnableClock, **members: Any) -> Iterator[Issuer]:
    with running_oidc(shape, clock=clock.timestamp, **members) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def clerk(clock: TurnableClock) -> Iterator[Issuer]:
    with shaped("clerk", clock) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def clerk_v1(clock: TurnableClock) -> Iterator[Issuer]:
    with shaped("clerk", clock, version=1) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def auth0(clock: TurnableClock) -> Iterator[Issuer]:
    with shaped("auth0", clock) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def keycloak(clock: TurnableClock) -> Iterator[Issuer]:
    with shaped("keycloak", clock) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def generic(clock: TurnableClock) -> Iterator[Issuer]:
    with shaped("generic", clock, algorithms=("RS256", "ES256", "EdDSA", "PS256")) as issuer:
        yield issuer


@pytest.fixture
async def open_door(url: str, clock: TurnableClock) -> AsyncIterator[Making]:
    """Opens a desk that believes these issuers, until the test ends."""
    async with AsyncExitStack() as stack:

        async def opening(*issuers: dict[str, Any], **settings: Any) -> Auth:
            return await stack.enter_async_context(door(url, clock, *issuers, **settings))

        yield opening


async def slug_of(url: str, proof: Proof) -> str:
    found: str = (await rows(url, "SELECT slug FROM tenants WHERE id = $1", proof.principal.tenant))[0]["slug"]
    return found


@pytest.mark.parametrize("version", ["clerk", "clerk_v1"])
async def test_clerk_says_the_organisation_in_two_versions(
    version: str, request: pytest.FixtureRequest, open_door: Making, url: str
) -> None:
    """One preset reads `o` of version 2 and the single claims of version 1, with and without `org:`."""
    issuer: Issuer = request.getfixturevalue(version)
    auth = await open_door(terms(issuer, **CLERK))
    admin = await admitted(
        auth, issuer.token(person="maria", organisation=f"a-{version}".replace("_", "-"), role="admin")
    )
    member = await admitted(auth, issuer.token(person="bento", organisation=f"a-{version}".replace("_", "-")))
    assert admin.principal.roles == ("admin",) and member.principal.roles == ("user",)
    assert admin.principal.tenant == member.principal.tenant and admin.principal.user != member.principal.user
    assert await slug_of(url, admin) == f"a-{version}".replace("_", "-")
    assert admin.principal.proof == "oidc" and admin.principal.id == f"user:{admin.principal.user}"
    assert admin.principal.may("pets:write") and not member.principal.may("keys:write")


async def test_claims_stand_where_the_operator_says(generic: Issuer, open_door: Making, url: str) -> None:
    """Who it is, for which organisation, with which roles and what address is read at the paths of the settings."""
    places = {
        "subject_claim": "user.id",
        "email_claim": "user.mail",
        "email_verified_claim": "user.checked",
        "name_claim": "user.called",
        "organization_claim": "ctx.org",
        "organization_slug_claim": "ctx.short",
        "organization_name_claim": "ctx.long",
        "roles_claim": [["https://example.org/roles"]],
        "permissions_claim": "may",
        "prefix": "org:",
        "role_map": {"boss": "admin"},
        "accepted_permissions": ["keys:read"],
    }
    auth = await open_door(terms(generic, **GENERIC, **places))
    said = {
        "user": {"id": "u-1", "mail": "ana@example.org", "checked": True, "called": "Ana"},
        "ctx": {"org": "o-1", "short": "bakery", "long": "The Bakery"},
        "https://example.org/roles": ["org:boss", "org:unknown"],
    }
    proof = await admitted(auth, generic.token("somebody-else", organisation="elsewhere", more=said))
    assert proof.principal.roles == ("admin",) and await slug_of(url, proof) == "bakery"
    (user,) = await rows(url, "SELECT * FROM users WHERE id = $1", proof.principal.user)
    assert (user["reported_email"] or user["email"]) == "ana@example.org"
    other = {**said, "user": {**said["user"], "id": "u-2"}, "https://example.org/roles": [], "may": ["org:keys:read"]}
    second = await admitted(auth, generic.token("somebody-else", organisation="elsewhere", more=other))
    assert second.principal.user != proof.principal.user and second.principal.tenant == proof.principal.tenant
    assert second.principal.may("keys:read") and not second.principal.may("keys:write")
    nobody = {**said, "user": {"mail": "ana@example.org"}}
    assert await proved(auth, generic.token("somebody-else", organisation="elsewhere", more=nobody)) is None


async def test_auth0_says_audiences_in_a_list_and_permissions_by_name(auth0: Issuer, open_door: Making) -> None:
    """Of its permissions those count that the operator accepts, and no others, for this token alone."""
    auth = await open_door(terms(auth0, **AUTH0, accepted_permissions=["pets:*", "keys:read"]))
    token = auth0.token(
        "auth0|x", organisation="auth0-org", permissions=["pets:delete", "users:write", "*", "tenants:read"]
    )
    proof = await admitted(auth, token)
    assert proof.principal.may("pets:delete")
    assert not any(proof.principal.may(name) for name in ("users:write", "keys:read", "tenants:read", "pets:write"))
    without = await admitted(auth, auth0.token("auth0|x", organisation="auth0-org"))
    assert not without.principal.may("pets:delete")


async def test_keycloak_says_roles_of_realm_and_client_and_its_organisation_by_name(
    keycloak: Issuer, open_door: Making, url: str
) -> None:
    """Roles of the realm and of the named client count together; the organisation is found by its id."""
    mapped = {"role_map": {"boss": "admin", "reader": "viewer"}, "client_id": "esteio-web"}
    auth = await open_door(terms(keycloak, **KEYCLOAK, **mapped))
    proof = await admitted(
        auth, keycloak.token(person="maria", organisation="kc-org", role="boss", permissions=["reader"])
    )
    assert proof.principal.roles == ("admin", "viewer") and await slug_of(url, proof) == "kc-org"
    renamed = keycloak.token(person="maria", role="boss", organization={"new-name": _known(keycloak, "kc-org")})
    assert (await admitted(auth, renamed)).principal.tenant == proof.principal.tenant


def _known(keycloak: Issuer, name: str) -> Any:
    said = jwt.decode(keycloak.token(person="maria", organisation=name), options={"verify_signature": False})
    return said["organization"][name]


@pytest.mark.parametrize("written", [["shape-org"], "shape-org", {"shape-org": {}}, {"shape-org": {"groups": ["/a"]}}])
async def test_keycloak_writes_an_organisation_in_several_ways(
    written: Any, keycloak: Issuer, open_door: Making
) -> None:
    """A name, a list of one, a map without an id: all are the same organisation."""
    auth = await open_door(terms(keycloak, **KEYCLOAK))
    first = await admitted(auth, keycloak.token("kc-1", organization=["shape-org"]))
    assert (
        await admitted(auth, keycloak.token("kc-1", organization=written))
    ).principal.tenant == first.principal.tenant


@pytest.mark.parametrize("written", [["a", "b"], {"a": {}, "b": {}}, 7, [7], {"a": {"id": 7}}, True, ["x" * 501]])
async def test_a_token_that_does_not_say_for_which_organisation_is_refused(
    written: Any, keycloak: Issuer, open_door: Making
) -> None:
    """Several organisations, or what names none, are no place to act in; nor is the tenant for those without one."""
    auth = await open_door(terms(keycloak, **KEYCLOAK, tenant="default"))
    assert await proved(auth, keycloak.token("kc-2", organization=written)) is None


@pytest.mark.parametrize("kind", ["ID", "Refresh", "Offline", "Logout"])
async def test_keycloaks_other_tokens_are_no_credentials(kind: str, keycloak: Issuer, open_door: Making) -> None:
    """What it signs for other purposes is refused by what it says of itself."""
    auth = await open_door(terms(keycloak, **KEYCLOAK))
    assert await proved(auth, keycloak.token("kc-3", organisation="kc-org")) is not None
    assert await proved(auth, keycloak.token("kc-3", organisation="kc-org", typ=kind)) is None


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_every_allowed_algorithm_is_verified(algorithm: str, generic: Issuer, open_door: Making) -> None:
    """Each by the key that the issuer publishes for it."""
    auth = await open_door(terms(generic, **GENERIC))
    assert await proved(auth, generic.token("g-1", organisation="g-org", algorithm=algorithm)) is not None


@pytest.mark.parametrize("algorithm", ["RS384", "PS512"])
async def test_a_key_verifies_only_what_it_is_declared_for(algorithm: str, generic: Issuer, open_door: Making) -> None:
    """A sound signature of an allowed algorithm is refused where the key was published for another."""
    allowed = ["RS256", "PS256", "RS384", "PS512"]
    auth = await open_door(terms(generic, **GENERIC, algorithms=allowed))
    token = generic.token("g-1", organisation="g-org", algorithm=algorithm)
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    assert await proved(auth, token) is None


async def test_only_allowed_algorithms_are_verified(generic: Issuer, open_door: Making) -> None:
    """A good token of an algorithm that the operator did not allow is refused."""
    auth = await open_door(terms(generic, **GENERIC, algorithms=["RS256"]))
    assert await proved(auth, generic.token("g-1", organisation="g-org", algorithm="RS256")) is not None
    assert await proved(auth, generic.token("g-1", organisation="g-org", algorithm="ES256")) is None


FLAWS = ["none", "public_key", "unknown_kid", "stranger", "embedded_key", "tampered", "cut", "no_kid"]


@pytest.mark.parametrize("flaw", FLAWS)
async def test_flawed_tokens_prove_nothing(flaw: str, generic: Issuer, open_door: Making) -> None:
    """Unsigned, signed with the public key as a secret, by others, altered, naming no key of several: all refused."""
    auth = await open_door(terms(generic, **GENERIC))
    assert await proved(auth, generic.token("g-2", organisation="g-org")) is not None
    assert await proved(auth, generic.token("g-2", organisation="g-org", flaw=flaw)) is None


async def test_a_missing_kid_means_the_only_key(auth0: Issuer, open_door: Making) -> None:
    """Where the issuer has one key, a token need not name it."""
    auth = await open_door(terms(auth0, **AUTH0))
    assert await proved(auth, auth0.token("auth0|k", organisation="o", flaw="no_kid")) is not None


def secret_of(issuer: Issuer, kind: str) -> bytes:
    """What is public of the issuer's RSA key, in the ways in which it could be taken for a secret."""
    key = issuer.do(lambda: issuer._site.provider.ring.fit("RS256"))
    public = key.public()
    return {
        "pem": key.pem(),
        "pem without its end": key.pem().strip(),
        "jwk": json.dumps(public).encode(),
        "jwk without spaces": json.dumps(public, separators=(",", ":")).encode(),
        "modulus": public["n"].encode(),
        "raw modulus": base64.urlsafe_b64decode(public["n"] + "=="),
        "nothing": b"",
    }[kind]


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
@pytest.mark.parametrize(
    "kind", ["pem", "pem without its end", "jwk", "jwk without spaces", "modulus", "raw modulus", "nothing"]
)
async def test_nothing_public_is_taken_for_a_secret(
    kind: str, algorithm: str, generic: Issuer, open_door: Making
) -> None:
    """A token made with HMAC and whatever is public of a key is refused, named as that key or not."""
    auth = await open_door(terms(generic, **GENERIC))
    good = generic.token("g-3", organisation="g-org", algorithm="RS256")
    head, body, _ = good.split(".")
    kid = jwt.get_unverified_header(good)["kid"]
    for named in (kid, None):
        said = {"alg": algorithm, "typ": "JWT"} | ({"kid": named} if named else {})
        head = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
        digest = hmac.digest(secret_of(generic, kind), f"{head}.{body}".encode(), f"sha{algorithm[2:]}")
        token = f"{head}.{body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
        assert await proved(auth, token) is None


async def test_a_token_of_one_kind_is_not_verified_by_a_key_of_another(generic: Issuer, open_door: Making) -> None:
    """An ES256 token that names the RSA key, an RSA one that names the EC key, EdDSA by either: refused."""
    auth = await open_door(terms(generic, **GENERIC))
    kids = {
        name: jwt.get_unverified_header(generic.token("g", algorithm=name))["kid"]
        for name in ("RS256", "ES256", "EdDSA")
    }
    for algorithm in kids:
        for named in kids.values():
            token = generic.token("g-4", organisation="g-org", algorithm=algorithm, headers={"kid": named})
            assert (await proved(auth, token) is not None) == (named == kids[algorithm])


HEADERS: list[dict[str, Any]] = [
    {"typ": "logout+jwt"},
    {"typ": "secevent+jwt"},
    {"typ": 7},
    {"crit": ["exp"]},
    {"crit": ["unheard-of"], "unheard-of": True},
    {"b64": False, "crit": ["b64"]},
    {"kid": 7},
    {"kid": ["a"]},
    {"kid": ""},
    {"kid": "x" * 301},
    {"kid": "../../../etc/passwd"},
    {"kid": "' OR 1=1 --"},
    {"alg": None},
    {"alg": 7},
    {"alg": ["RS256"]},
    {"alg": "rs256"},
    {"alg": "none"},
    {"jku": "https://elsewhere.example.org", "kid": "x"},
]


@pytest.mark.parametrize("headers", HEADERS, ids=[json.dumps(one)[:30] for one in HEADERS])
async def test_odd_headers_are_refused(headers: dict[str, Any], generic: Issuer, open_door: Making) -> None:
    """Another type, an extension that is not known, a name that is none: nothing of it is followed or breaks."""
    auth = await open_door(terms(generic, **GENERIC))
    assert await proved(auth, generic.token("g-5", organisation="g-org", headers=headers)) is None


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt", None])
async def test_the_usual_types_are_taken(kind: str | None, generic: Issuer, open_door: Making) -> None:
    """Issuers write the type of an access token in several ways, or not at all."""
    auth = await open_door(terms(generic, **GENERIC))
    assert await proved(auth, generic.token("g-5", organisation="g-org", headers={"typ": kind})) is not None


@pytest.mark.parametrize("shape", ["clerk", "auth0", "keycloak", "generic"])
async def test_an_issuer_is_another_one_by_a_slash(
    shape: str, request: pytest.FixtureRequest, open_door: Making
) -> None:
    """A token whose `iss` differs by a slash at the end, by case or by a space is nobody's."""
    issuer: Issuer = request.getfixturevalue(shape)
    preset = {"clerk": CLERK, "auth0": AUTH0, "keycloak": KEYCLOAK, "generic": GENERIC}[shape]
    auth = await open_door(terms(issuer, **preset))
    name = issuer.issuer
    assert await proved(auth, issuer.token("s", organisation="slash")) is not None
    other = name.rstrip("/") if name.endswith("/") else name + "/"
    for wrong in (other, name.upper(), name + " ", [name], None, 7, ""):
        assert await proved(auth, issuer.token("s", organisation="slash", iss=wrong)) is None


async def test_audiences_are_asked_for_where_they_are_set(auth0: Issuer, open_door: Making) -> None:
    """`aud` is one text or a list that has one of those that are set; without any it is refused."""
    auth = await open_door(terms(auth0, **{**AUTH0, "audience": ["esteio", "esteio-2"]}))
    for good in ("esteio", "esteio-2", ["other", "esteio"]):
        assert await proved(auth, auth0.token("auth0|a", organisation="o", aud=good)) is not None
    for bad in ("other", ["other"], [], None, "esteio/", "ESTEIO", {"esteio": 1}, 7, ["esteio", 7], "este"):
        assert await proved(auth, auth0.token("auth0|a", organisation="o", aud=bad)) is None


async def test_an_audience_is_not_looked_at_unless_it_is_set(keycloak: Issuer, open_door: Making) -> None:
    """Keycloak says `account` to everybody; that does not matter where the operator asks for nothing."""
    auth = await open_door(terms(keycloak, **KEYCLOAK))
    assert await proved(auth, keycloak.token("kc-a", organisation="kc-org", aud="account")) is not None


async def test_tokens_for_others_are_refused(clerk: Issuer, keycloak: Issuer, open_door: Making) -> None:
    """A foreign `azp` is refused; an absent one passes with Clerk unless it is required, and nowhere else."""
    origin = "http://localhost:3000"
    lax = await open_door(terms(clerk, **CLERK, authorized_parties=[origin]))
    strict = await open_door(terms(clerk, **CLERK, authorized_parties=[origin], azp_required=True))
    other = await open_door(terms(keycloak, **KEYCLOAK, authorized_parties=["esteio-web"]))
    for auth in (lax, strict):
        assert await proved(auth, clerk.token(person="ana", organisation="azp")) is not None
        for bad in ("https://evil.example", origin + "/", [origin], ""):
            assert await proved(auth, clerk.token(person="ana", organisation="azp", azp=bad)) is None
    absent = clerk.token(person="ana", organisation="azp", azp=None)
    assert await proved(lax, absent) is not None and await proved(strict, absent) is None
    assert await proved(other, keycloak.token("kc-p", organisation="kc-org")) is not None
    assert await proved(other, keycloak.token("kc-p", organisation="kc-org", azp=None)) is None


async def test_auth0_names_the_party_in_one_of_two_claims(auth0: Issuer, open_door: Making) -> None:
    """Where `azp` is absent, `client_id` says for whom a token of Auth0 is."""
    auth = await open_door(terms(auth0, **AUTH0, authorized_parties=["esteio-web"]))
    for said in ({"azp": "esteio-web"}, {"azp": None, "client_id": "esteio-web"}):
        assert await proved(auth, auth0.token("auth0|p", organisation="auth0-org", **said)) is not None
    for said in ({"azp": "other"}, {"azp": None, "client_id": "other"}, {"azp": None}):
        assert await proved(auth, auth0.token("auth0|p", organisation="auth0-org", **said)) is None


async def test_clerks_pending_sessions_and_tokens_of_templates_are_refused(clerk: Issuer, open_door: Making) -> None:
    """`sts` must not be `pending`, and there must be a session behind the token."""
    auth = await open_door(terms(clerk, **CLERK))
    assert await proved(auth, clerk.token(person="ana", organisation="sts", sts=None)) is not None
    assert await proved(auth, clerk.token(person="ana", organisation="sts", sts="pending")) is None
    assert await proved(auth, clerk.token(person="ana", organisation="sts", sid=None)) is None


async def test_own_rules_of_refusal(generic: Issuer, open_door: Making) -> None:
    """A claim of a value, a claim that is there at all, and one that must be there, by the operator's own words."""
    rules = [{"claim": "act"}, {"claim": "user.blocked", "equals": True}, {"claim": "level", "equals": 0}]
    auth = await open_door(terms(generic, **GENERIC, reject=rules, required_claims=["jti", "user.kind"]))

    async def passes(**claims: Any) -> bool:
        said = {"user": {"kind": "a"}, **claims}
        return await proved(auth, generic.token("g-6", organisation="g-org", more=said)) is not None

    assert await passes() and await passes(level=1) and await passes(user={"kind": "a", "blocked": False})
    assert await passes(level=False), "false is not 0"
    assert not await passes(act={"sub": "x"}) and not await passes(level=0)
    assert not await passes(user={"kind": "a", "blocked": True}) and not await passes(user={})
    assert not await passes(jti=None) and not await passes(user="kind")


@pytest.mark.parametrize("leeway", [0, 5, 30])
async def test_clocks_may_be_apart_by_the_leeway_and_no_more(
    leeway: int, generic: Issuer, open_door: Making, clock: TurnableClock
) -> None:
    """Expiry, beginning and issue are judged with the leeway on either side."""
    auth = await open_door(terms(generic, **GENERIC, leeway_seconds=leeway))
    now = int(clock.timestamp())

    async def passes(**claims: Any) -> bool:
        return await proved(auth, generic.token("g-7", organisation="g-org", **claims)) is not None

    assert await passes(exp=now - leeway + 1) and not await passes(exp=now - leeway)
    assert await passes(nbf=now + leeway) and not await passes(nbf=now + leeway + 1)
    assert await passes(iat=now + leeway) and not await passes(iat=now + leeway + 1)


async def test_a_clock_that_is_ahead_or_behind(generic: Issuer, open_door: Making) -> None:
    """An issuer whose clock is four seconds off is believed, one whose clock is a minute ahead is not yet."""
    auth = await open_door(terms(generic, **GENERIC))
    assert await proved(auth, generic.token("g-7", organisation="g-org", skew=4)) is not None
    assert await proved(auth, generic.token("g-7", organisation="g-org", skew=60)) is None


@pytest.mark.parametrize("value", [None, "1", True, [], {}, float("inf"), 1e300, -1e300, 10**400], ids=str)
async def test_times_are_numbers(value: Any, generic: Issuer, open_door: Making) -> None:
    """Without `exp` or `iat`, or with one that is no moment, a token is refused, and `nbf` is one if it is there."""
    auth = await open_door(terms(generic, **GENERIC))
    for name in ("exp", "iat"):
        assert await proved(auth, generic.token("g-8", organisation="g-org", **{name: value})) is None
    refused = await proved(auth, generic.token("g-8", organisation="g-org", nbf=value)) is None
    assert refused == (value is not None and value != -1e300)


@pytest.mark.parametrize("subject", [None, "", 7, ["a"], {"a": 1}, "x" * 501], ids=lambda one: str(one)[:10])
async def test_a_subject_is_a_text(subject: Any, generic: Issuer, open_door: Making) -> None:
    """Nobody, or somebody who cannot be named, is refused."""
    auth = await open_door(terms(generic, **GENERIC))
    assert await proved(auth, generic.token("g-9", organisation="g-org", sub=subject)) is None


async def test_two_issuers_may_name_their_keys_alike(clock: TurnableClock, open_door: Making) -> None:
    """Keys belong to their issuer: a name that both use opens nothing at the other."""
    with shaped("generic", clock) as one, shaped("generic", clock) as two:
        for issuer in (one, two):
            issuer.rotate(kid="the-same", keep=False)
        auth = await open_door(terms(one, **GENERIC), terms(two, **GENERIC))
        for mine, other in ((one, two), (two, one)):
            assert await proved(auth, mine.token("t", organisation="o")) is not None
            assert await proved(auth, mine.token("t", organisation="o", iss=other.issuer)) is None


async def test_the_same_subject_of_two_issuers_is_two_people(clock: TurnableClock, open_door: Making) -> None:
    """An identity is issuer and subject together, and so is an organisation."""
    with shaped("generic", clock) as one, shaped("generic", clock) as two:
        auth = await open_door(terms(one, **GENERIC), terms(two, **GENERIC))
        mine = await admitted(auth, one.token("t", organisation="o"))
        theirs = await admitted(auth, two.token("t", organisation="o"))
    assert mine.principal.user != theirs.principal.user and mine.principal.tenant != theirs.principal.tenant


async def test_texts_that_are_no_tokens_prove_nothing(generic: Issuer, open_door: Making) -> None:
    """Whatever comes, nothing is raised; and what is not an issuer's causes no fetch."""
    auth = await open_door(terms(generic, **GENERIC))
    good = generic.token("g-10", organisation="g-org")
    head, body, signature = good.split(".")
    deep = base64.urlsafe_b64encode(b"[" * 9000).rstrip(b"=").decode()
    texts = [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        good[:-1],
        good + ".",
        f"{head}.{body}",
        f"{head}..{signature}",
        f".{body}.",
    ]
    texts += [
        f"{deep}.{body}.{signature}",
        f"{head}.{deep}.{signature}",
        good.replace(".", " . "),
        "\x00.\x00.\x00",
        "é.é.é",
    ]
    texts += [
        good + "A" * LARGEST,
        f"{body}.{head}.{signature}",
        f"{head}.e30.{signature}",
        f"{head}.bnVsbA.{signature}",
    ]
    for text in texts:
        assert await proved(auth, text) is None
    assert await auth.prover.by_bearer(b"\xff\xfe.\xff.\xff") is None


async def test_what_is_remembered_costs_no_second_look(generic: Issuer, open_door: Making) -> None:
    """Within the freshness a token is neither verified nor looked up again."""
    auth = await open_door(terms(generic, **GENERIC))
    raw = generic.token("g-11", organisation="g-org").encode()
    first = await auth.prover.by_bearer(raw)
    reads = auth.database.reads  # type: ignore[attr-defined]
    assert first is not None and auth.credentials.fresh(raw) is first
    assert auth.database.reads == reads  # type: ignore[attr-defined]


async def test_a_token_is_believed_no_longer_than_it_lives(
    generic: Issuer, open_door: Making, clock: TurnableClock
) -> None:
    """What is remembered of it ends with it, however fresh."""
    auth = await open_door(terms(generic, **GENERIC, leeway_seconds=0))
    raw = generic.token("g-12", organisation="g-org", exp=int(clock.timestamp()) + 2).encode()
    proof = await auth.prover.by_bearer(raw)
    assert proof is not None and auth.credentials.fresh(raw) is proof
    clock.turn(2)
    assert auth.credentials.fresh(raw) is None and await auth.prover.by_bearer(raw) is None
