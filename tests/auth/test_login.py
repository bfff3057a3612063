"""Logging in: the right password opens, and nothing else tells anything."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from esteio.auth.administration import bootstrap, create_user
from esteio.auth.parts import Auth
from esteio.auth.passwords import Passwords, check_password
from esteio.auth.settings import AuthSettings
from esteio.auth.use_cases.login import login
from esteio.auth.use_cases.registering import register
from esteio.base.clock import TurnableClock
from esteio.base.errors import Conflict, EsteioError, Forbidden, Invalid, InvalidCredentials, RateLimited, Unavailable
from tests.auth.desk import PASSWORD, again, desk, logged_in, reads, rows

pytestmark = pytest.mark.anyio

HERE, THERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
async def auth(url: str, clock: TurnableClock) -> AsyncIterator[Auth]:
    async with desk(url, clock=clock) as opened:
        yield opened


@pytest.fixture
def email() -> str:
    return f"{uuid4()}@example.org"


async def attempt(auth: Auth, email: str, password: str = "wrong", address: str = HERE) -> EsteioError | None:
    """What a login is refused with, `None` when it is not."""
    try:
        await login(auth, email=email, password=password, tenant=None, address=address)
    except EsteioError as error:
        return error
    return None


def seconds(error: EsteioError | None) -> int:
    assert isinstance(error, RateLimited), error
    return int(error.headers["Retry-After"])


async def test_the_address_is_the_same_however_it_is_spelled(auth: Auth, email: str) -> None:
    """Capitals and blanks around an e-mail address make no other account."""
    await logged_in(auth, email.upper())
    assert await attempt(auth, f" {email} ", PASSWORD) is None
    with pytest.raises(Conflict):
        await create_user(auth, email=email, password=PASSWORD)


async def test_every_way_of_being_wrong_sounds_the_same(auth: Auth, email: str, url: str) -> None:
    """Unknown account, wrong password, no password, disabled account, unknown tenant: one error, word for word."""
    await logged_in(auth, email)
    await create_user(auth, email=f"without-{email}", password=None)
    await logged_in(auth, f"disabled-{email}")
    await rows(url, "UPDATE users SET disabled_at = now() WHERE email = $1", f"disabled-{email}")
    refusals = [
        await attempt(auth, f"nobody-{email}"),
        await attempt(auth, email),
        await attempt(auth, f"without-{email}"),
        await attempt(auth, f"disabled-{email}", PASSWORD),
    ]
    with pytest.raises(InvalidCredentials) as unknown_tenant:
        await again(auth, email, tenant="nowhere")
    told = {(type(it), it.detail, it.errors, str(it.headers)) for it in [*refusals, unknown_tenant.value] if it}
    assert len(told) == 1 and None not in refusals


async def test_unknown_and_wrong_take_the_same_time(url: str) -> None:
    """The two refusals are the same work: the medians of what they compute differ by less than a fifth.

    Processor time is counted, so that other programs on the machine do not blur the result, and the database is
    asked as often.
    """
    async with desk(url, argon2_memory_kib=19_456, argon2_passes=2, attempts_free=100) as auth:
        known = f"{uuid4()}@example.org"
        await create_user(auth, email=known, password=PASSWORD)
        taken: dict[bool, list[float]] = {True: [], False: []}
        questions: dict[bool, set[int]] = {True: set(), False: set()}
        for number in range(24):
            for exists in (True, False) if number % 2 else (False, True):
                began, asked = time.process_time(), reads(auth)
                await attempt(auth, known if exists else f"{uuid4()}@example.org", address=f"192.0.2.{number}")
                taken[exists].append(time.process_time() - began)
                questions[exists].add(reads(auth) - asked)
        wrong, unknown = statistics.median(taken[True]), statistics.median(taken[False])
        assert abs(wrong - unknown) < 0.2 * max(wrong, unknown), (wrong, unknown)
        assert questions[True] == questions[False]


@pytest.mark.parametrize("exists", [True, False])
async def test_the_delay_grows_and_is_the_same_for_nobody(
    auth: Auth, email: str, clock: TurnableClock, exists: bool
) -> None:
    """After five failures the next attempt waits 2 s, then 4, 8 … up to 15 min, whether the account exists or not."""
    if exists:
        await create_user(auth, email=email, password=PASSWORD)
    for _ in range(5):
        assert isinstance(await attempt(auth, email), InvalidCredentials)
    waits = []
    for _ in range(12):
        wait = seconds(await attempt(auth, email))
        clock.turn(wait - 0.5)
        assert isinstance(await attempt(auth, email), RateLimited)
        clock.turn(0.5)
        assert isinstance(await attempt(auth, email), InvalidCredentials)
        waits.append(wait)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


async def test_while_it_runs_even_the_right_password_waits(auth: Auth, email: str, clock: TurnableClock) -> None:
    """A guess during the delay is worth nothing, right or not; after it the right one opens and begins anew."""
    await create_user(auth, email=email, password=PASSWORD)
    for _ in range(5):
        await attempt(auth, email)
    wait = seconds(await attempt(auth, email, PASSWORD))
    clock.turn(wait)
    assert await attempt(auth, email, PASSWORD) is None
    for _ in range(5):
        assert isinstance(await attempt(auth, email), InvalidCredentials)


async def test_it_keeps_nobody_else_out(auth: Auth, email: str) -> None:
    """Failures from one address delay neither the owner at another nor other accounts from there."""
    await create_user(auth, email=email, password=PASSWORD)
    await create_user(auth, email=f"other-{email}", password=PASSWORD)
    for _ in range(6):
        await attempt(auth, email, address=HERE)
    assert isinstance(await attempt(auth, email, PASSWORD, address=HERE), RateLimited)
    assert await attempt(auth, email, PASSWORD, address=THERE) is None
    assert await attempt(auth, f"other-{email}", PASSWORD, address=HERE) is None


async def test_a_hundred_guesses_at_once_are_five(auth: Auth, email: str) -> None:
    """Concurrency is no way around: of many simultaneous attempts exactly five reach the password."""
    async with asyncio.timeout(30):
        refused = await asyncio.gather(*(attempt(auth, email) for _ in range(40)))
    assert sum(isinstance(error, InvalidCredentials) for error in refused) == 5
    assert sum(isinstance(error, RateLimited) for error in refused) == 35


async def test_failures_are_forgotten_after_a_day(auth: Auth, email: str, clock: TurnableClock) -> None:
    """Who failed yesterday begins anew."""
    for _ in range(5):
        await attempt(auth, email)
    clock.turn(24 * 3600 + 1)
    for _ in range(5):
        assert isinstance(await attempt(auth, email), InvalidCredentials)


async def test_the_start_of_a_delay_is_audited_without_what_was_typed(auth: Auth, email: str, url: str) -> None:
    """The audit log names the account that is attacked, and never the text that somebody typed for an unknown one."""
    entered = await logged_in(auth, email)
    for _ in range(5):
        await attempt(auth, email)
        await attempt(auth, "my-secret-password@example.org")
    found = await rows(url, "SELECT subject, outcome FROM audit_log WHERE action = 'login.delayed'")
    assert {(f"user:{entered.user}", "refused"), ("user:unknown", "refused")} <= {tuple(row) for row in found}
    assert "my-secret" not in str(await rows(url, "SELECT a::text FROM audit_log a"))


async def test_the_seam_for_the_limiter_is_charged_first(auth: Auth, email: str) -> None:
    """A limit that is used up refuses a login before anything is looked at, with account and address as charged."""
    charged = []

    async def used_up(account: str, address: str) -> None:
        charged.append((account, address))
        raise RateLimited(headers={"Retry-After": "60"})

    auth.account_limit = used_up
    assert seconds(await attempt(auth, email.upper())) == 60
    assert charged == [(email, HERE)]


async def test_registration_makes_an_ordinary_user_once(auth: Auth, email: str) -> None:
    """A registered account can log in, holds nothing but the role `user`, and cannot be registered again."""
    await register(auth, email=email, password=PASSWORD, name="Maria", address=HERE)
    entered = await again(auth, email)
    proof = await auth.prover.by_bearer(entered.access_token.encode())
    assert proof is not None and proof.principal.roles == ("user",) and not proof.principal.may("keys:read")
    with pytest.raises(Conflict):
        await register(auth, email=email.upper(), password=PASSWORD, name="Maria", address=HERE)


async def test_registered_twice_at_once_there_is_one(auth: Auth, email: str) -> None:
    """Of simultaneous registrations of one address one succeeds and the others are told so."""

    async def once() -> bool:
        try:
            await register(auth, email=email, password=PASSWORD, name="Maria", address=HERE)
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(once() for _ in range(8)))) == 1


async def test_closed_registration_is_refused(url: str, email: str) -> None:
    """Where the operator closed it nobody registers."""
    async with desk(url, registration_open=False) as auth:
        with pytest.raises(Forbidden):
            await register(auth, email=email, password=PASSWORD, name="Maria", address=HERE)


@pytest.mark.parametrize("password", ["123456789", "x" * 129, "maria.souza@example.org", "MARIA.SOUZA"])
def test_a_password_that_is_no_secret_is_refused(password: str) -> None:
    """Shorter than 10 or longer than 128 characters, or the address or its first part in any case: 422."""
    with pytest.raises(Invalid):
        check_password(password, "maria.souza@example.org")


async def test_the_same_characters_are_the_same_password() -> None:
    """Composed and decomposed accents match: two keyboards write one password."""
    passwords = Passwords(AuthSettings(argon2_memory_kib=64, argon2_passes=1))
    stored = await passwords.hashed("café com leite")
    assert await passwords.matches("cafe\u0301 com leite", stored)
    assert not await passwords.matches("cafe com leite", stored)
    passwords.close()


async def test_the_loop_never_waits_for_a_hash() -> None:
    """While passwords are hashed with the production parameters the event loop goes on turning."""
    passwords = Passwords(AuthSettings())
    hashing = asyncio.create_task(passwords.hashed(PASSWORD))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10 and (await hashing).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    passwords.close()


async def test_a_flood_of_logins_is_refused_instead_of_queued() -> None:
    """Beyond the queue the answer is 503 at once, so that memory and waiting stay bounded."""
    passwords = Passwords(AuthSettings(password_queue=2))
    first = [asyncio.create_task(passwords.hashed(PASSWORD)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await passwords.hashed(PASSWORD)
    await asyncio.gather(*first)
    passwords.close()


async def test_a_hash_of_weaker_parameters_is_renewed_by_the_next_login(url: str, email: str) -> None:
    """When the operator raises the parameters, each account follows with its next login."""
    async with desk(url) as weak:
        await create_user(weak, email=email, password=PASSWORD)
    async with desk(url, argon2_memory_kib=128) as strong:
        await again(strong, email)
    stored = await rows(url, "SELECT password_hash FROM users WHERE email = $1", email)
    assert "m=128," in stored[0]["password_hash"]


async def test_the_first_administrator_is_made_once(auth: Auth, url: str) -> None:
    """However many processes bootstrap at once, one gets credentials, which work; later ones get nothing."""
    made = [found for found in await asyncio.gather(*(bootstrap(auth) for _ in range(5))) if found is not None]
    assert len(made) == 1 and await bootstrap(auth) is None
    entered = await again(auth, made[0].email, made[0].password)
    proofs = [
        await auth.prover.by_bearer(entered.access_token.encode()),
        await auth.prover.by_key(made[0].api_key.encode()),
    ]
    assert all(proof is not None and proof.principal.may("tenants:write") for proof in proofs)
