"""Access tokens: what a good one proves, and every way of forging one that is refused."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from esteio.auth.administration import rotate_signing_key
from esteio.auth.parts import Auth
from esteio.auth.tokens import LEEWAY
from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from tests.auth.desk import ISSUER, desk, logged_in, reads, rows

pytestmark = pytest.mark.anyio

Forge = Callable[[str, Any], str]


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def own_url(new_database: Callable[[], str]) -> str:
    """A database for one test, which makes signing keys at times of its own."""
    return new_database()


@pytest.fixture
async def alone(own_url: str, clock: TurnableClock) -> AsyncIterator[Auth]:
    async with desk(own_url, clock=clock) as opened:
        yield opened


@pytest.fixture
async def auth(url: str, clock: TurnableClock) -> AsyncIterator[Auth]:
    async with desk(url, clock=clock) as opened:
        yield opened


async def email() -> str:
    return f"{uuid4()}@example.org"


async def good(auth: Auth) -> str:
    return (await logged_in(auth, await email())).access_token


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


async def signed(auth: Auth, claims: dict[str, Any], **header: Any) -> bytes:
    """A token signed with the deployment's own key, whatever it claims."""
    kid, private = await auth.signing.signer()
    return jwt.encode(claims, private, "ES256", headers={"kid": kid, "typ": "at+jwt", **header}).encode()


async def proves(auth: Auth, token: bytes) -> bool:
    return await auth.prover.by_bearer(token) is not None


async def test_a_good_token_proves_its_user(auth: Auth) -> None:
    """The principal has the token's user, session and tenant, and the roles of the membership."""
    entered = await logged_in(auth, await email(), roles=["admin"])
    proof = await auth.prover.by_bearer(entered.access_token.encode())
    assert proof is not None
    assert (proof.principal.user, proof.principal.session, proof.principal.tenant) == (
        entered.user,
        entered.session,
        DEFAULT_TENANT,
    )
    assert proof.principal.roles == ("admin",) and proof.principal.may("anything:at-all")


async def test_it_says_what_the_standards_ask(auth: Auth) -> None:
    """ES256, `at+jwt`, a published `kid`, and every registered claim; the JWKS alone is enough to verify it."""
    token = await good(auth)
    header = jwt.get_unverified_header(token)
    published = {pair.kid: pair.as_jwk() for pair in await auth.signing.published()}
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    claims = jwt.decode(
        token,
        jwt.PyJWK(published[header["kid"]]),
        algorithms=["ES256"],
        issuer=ISSUER,
        audience="esteio",
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    assert set(claims) == {"iss", "aud", "sub", "sid", "tenant", "iat", "nbf", "exp", "jti"}
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert not any("d" in jwk for jwk in published.values())


async def test_none_is_no_algorithm(auth: Auth) -> None:
    """A token without a signature is refused, however `none` is written, with or without its old signature."""
    token = await good(auth)
    _, payload, signature = token.split(".")
    kid = jwt.get_unverified_header(token)["kid"]
    for name in ("none", "None", "NONE", "nOnE"):
        head = base64.urlsafe_b64encode(json.dumps({"alg": name, "typ": "at+jwt", "kid": kid}).encode()).rstrip(b"=")
        for tail in ("", signature):
            assert not await proves(auth, f"{head.decode()}.{payload}.{tail}".encode())


async def test_the_public_key_is_no_shared_secret(auth: Auth) -> None:
    """A token signed by HMAC with the published key as its secret (algorithm confusion) is refused."""

    token = await good(auth)
    pair = (await auth.signing.published())[-1]
    public = pair.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for algorithm, digest in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
        header = {"alg": algorithm, "typ": "at+jwt", "kid": pair.kid}
        head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=") + b"." + token.split(".")[1].encode()
        for secret in (public, public.strip(), json.dumps(pair.as_jwk()).encode()):
            mac = base64.urlsafe_b64encode(hmac.digest(secret, head, digest)).rstrip(b"=")
            assert not await proves(auth, head + b"." + mac)


async def test_another_algorithm_is_refused_even_with_a_good_signature(auth: Auth) -> None:
    """RSA and other curves are refused under a known `kid`; so is our own signature under another `alg`."""
    claims, kid = claims_of(await good(auth)), (await auth.signing.signer())[0]
    keys: list[tuple[str, Any]] = [
        ("RS256", rsa.generate_private_key(65537, 2048)),
        ("PS256", rsa.generate_private_key(65537, 2048)),
        ("ES384", ec.generate_private_key(ec.SECP384R1())),
    ]
    for algorithm, private in keys:
        token = jwt.encode(claims, private, algorithm, headers={"kid": kid, "typ": "at+jwt"})
        assert not await proves(auth, token.encode())
    assert not await proves(auth, await signed(auth, claims, typ="JWT"))


async def test_a_foreign_key_is_refused_under_any_kid(auth: Auth) -> None:
    """A well-made token of another key proves nothing: under our `kid`, its own, a missing or an injected one."""
    claims, kid = claims_of(await good(auth)), (await auth.signing.signer())[0]
    foreign = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).to_jwk(foreign.public_key(), as_dict=True)
    headers: list[dict[str, Any]] = [
        {"kid": kid},
        {"kid": "foreign"},
        {},
        {"kid": "../../etc/passwd"},
        {"kid": "' OR 1=1 --"},
        {"kid": "foreign", "jwk": jwk},
        {"kid": "foreign", "jku": "http://127.0.0.1:1/jwks.json"},
    ]
    for header in headers:
        token = jwt.encode(claims, foreign, "ES256", headers={"typ": "at+jwt", **header})
        assert not await proves(auth, token.encode())


async def test_made_up_kids_do_not_hammer_the_database(auth: Auth) -> None:
    """A flood of tokens with unknown `kid`s causes one read of the keys, not one each."""
    claims, foreign = claims_of(await good(auth)), ec.generate_private_key(ec.SECP256R1())
    before = reads(auth)
    for number in range(50):
        token = jwt.encode(claims, foreign, "ES256", headers={"typ": "at+jwt", "kid": f"made-up-{number}"})
        assert not await proves(auth, token.encode())
    assert reads(auth) - before <= 1


async def test_it_ends_to_the_second(auth: Auth, clock: TurnableClock) -> None:
    """An access token is good for fifteen minutes and not a second longer, though it was believed just before."""
    token = (await good(auth)).encode()
    clock.turn(15 * 60 - 1)
    assert await proves(auth, token)
    clock.turn(1)
    assert auth.credentials.fresh(token) is None and not await proves(auth, token)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_a_token_of_the_future_is_refused(auth: Auth, claim: str) -> None:
    """Not yet valid, or issued later than another machine's clock may be ahead: refused."""
    claims = claims_of(await good(auth))
    later = int((auth.clock.now() + LEEWAY).timestamp())
    assert await proves(auth, await signed(auth, {**claims, claim: later}))
    assert not await proves(auth, await signed(auth, {**claims, claim: later + 1}))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://api.example.com"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["esteio", "another"]},
        {"aud": None},
        {"sub": "0f8fad5b-d9cb-469f-a165-708677289500"},
        {"sub": "admin"},
        {"sub": 7},
        {"sid": "0f8fad5b-d9cb-469f-a165-708677289501"},
        {"tenant": "0f8fad5b-d9cb-469f-a165-708677289502"},
        {"tenant": "default"},
        {"exp": "soon"},
        {"exp": 1e300},
        {"exp": float("nan")},
        {"exp": None},
        {"nbf": None},
        {"jti": None},
    ],
    ids=str,
)
async def test_a_claim_that_is_not_ours_is_refused(auth: Auth, changes: dict[str, Any]) -> None:
    """Even rightly signed, a token of another issuer or audience, user, session or tenant proves nothing."""
    claims = {**claims_of(await good(auth)), **changes}
    present = {name: value for name, value in claims.items() if value is not None}
    assert not await proves(auth, await signed(auth, present))


@pytest.mark.parametrize("token", [b"x", b"..", b"a.b.c", b"\xff\xfe", b"eyJ" * 5000, b"e30.e30.e30"])
async def test_rubbish_is_refused_quietly(auth: Auth, token: bytes) -> None:
    """What is no token at all is refused without an error."""
    assert not await proves(auth, token)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sessions SET revoked_at = now() WHERE id = $1",
        "UPDATE users SET epoch = epoch + 1 WHERE id = (SELECT user_id FROM sessions WHERE id = $1)",
        "UPDATE users SET disabled_at = now() WHERE id = (SELECT user_id FROM sessions WHERE id = $1)",
        "UPDATE memberships SET disabled_at = now() WHERE user_id = (SELECT user_id FROM sessions WHERE id = $1)",
        "DELETE FROM memberships WHERE user_id = (SELECT user_id FROM sessions WHERE id = $1)",
        "DELETE FROM sessions WHERE id = $1",
    ],
)
async def test_it_rests_on_session_user_and_membership(auth: Auth, url: str, statement: str) -> None:
    """An unexpired token is refused when its session has ended, or its account or membership is gone or disabled."""
    entered = await logged_in(auth, await email())
    await rows(url, statement, entered.session)
    assert not await proves(auth, entered.access_token.encode())


async def test_a_new_signing_key_is_published_before_it_signs(alone: Auth, clock: TurnableClock) -> None:
    """For the lead time tokens are still signed with the old key; after it with the new one, and both verify."""
    old = (await alone.signing.signer())[0]
    before = await logged_in(alone, await email())
    new = await rotate_signing_key(alone)
    assert new in [pair.kid for pair in await alone.signing.published()]
    assert (await alone.signing.signer())[0] == old
    clock.turn(599)
    assert (await alone.signing.signer())[0] == old
    clock.turn(1)
    assert (await alone.signing.signer())[0] == new
    assert await proves(alone, before.access_token.encode())
    assert await proves(alone, (await good(alone)).encode())


async def test_an_old_signing_key_is_kept_until_its_tokens_have_expired(alone: Auth, clock: TurnableClock) -> None:
    """Rotation forgets only keys whose successor has signed for longer than a token lives."""
    old = (await alone.signing.signer())[0]
    await rotate_signing_key(alone)
    clock.turn(600 + 15 * 60)
    await rotate_signing_key(alone)
    assert old in [pair.kid for pair in await alone.signing.published()]
    clock.turn(6 * 60)
    await rotate_signing_key(alone)
    assert old not in [pair.kid for pair in await alone.signing.published()]


async def test_a_leaked_signing_key_is_refused_in_every_process_within_five_seconds(
    alone: Auth, own_url: str, clock: TurnableClock
) -> None:
    """Rotated at once, all that the old key signed is refused here now and elsewhere within five seconds."""
    async with desk(own_url, clock=clock) as there:
        token = (await good(alone)).encode()
        assert await proves(there, token)
        await rotate_signing_key(alone, at_once=True)
        clock.turn(5)
        assert not await proves(alone, token) and not await proves(there, token)
        assert await proves(there, (await good(alone)).encode())


async def test_many_that_start_at_once_make_one_signing_key(own_url: str) -> None:
    """However many ask for the first key together, there is one."""
    async with desk(own_url) as one, desk(own_url) as two:
        await rows(own_url, "DELETE FROM signing_keys")
        await asyncio.gather(*(auth.signing.ensure() for auth in (one, two) * 5))
    assert len(await rows(own_url, "SELECT kid FROM signing_keys")) == 1


async def test_a_signing_key_of_age_gets_a_successor_at_the_next_start(
    alone: Auth, own_url: str, clock: TurnableClock
) -> None:
    """After ninety days a start makes the next key, once, which signs after the lead time."""
    old = (await alone.signing.signer())[0]
    clock.turn(timedelta(days=91).total_seconds())
    for _ in range(2):
        async with desk(own_url, clock=clock):
            pass
    clock.turn(600)
    assert (await alone.signing.signer())[0] != old
    assert len([pair for pair in await alone.signing.published() if pair.active_from > clock.now() - timedelta(1)]) == 1


async def test_private_keys_lie_sealed(auth: Auth, url: str) -> None:
    """The stored private half cannot be read without the master secret, nor moved to another key's row."""
    stored = (await rows(url, "SELECT kid, sealed_private FROM signing_keys LIMIT 1"))[0]
    assert b"PRIVATE KEY" not in stored["sealed_private"]
    with pytest.raises(ValueError, match="altered"):
        auth.keyring.open("signing-key", stored["sealed_private"], b"another kid")
