"""Refresh tokens: each good for one use, a lost answer forgiven, a theft noticed."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from esteio.auth.parts import Auth
from esteio.auth.use_cases import account
from esteio.auth.use_cases.login import refresh
from esteio.base.clock import TurnableClock
from esteio.base.errors import Forbidden, InvalidCredentials, ReusedRefreshToken
from esteio.base.principal import DEFAULT_TENANT, Principal
from tests.auth.desk import PASSWORD, again, desk, logged_in, reads, rows

pytestmark = pytest.mark.anyio

DAY = 86_400


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
async def auth(url: str, clock: TurnableClock) -> AsyncIterator[Auth]:
    async with desk(url, clock=clock, redis_url=None) as opened:
        yield opened


@pytest.fixture
def email() -> str:
    return f"{uuid4()}@example.org"


async def caller_of(auth: Auth, access_token: str) -> Principal:
    proof = await auth.prover.by_bearer(access_token.encode())
    assert proof is not None
    return proof.principal


async def test_each_use_gives_the_next(auth: Auth, email: str, clock: TurnableClock) -> None:
    """A chain of refreshes gives a new refresh and a working access token each time, in one session."""
    entered = await logged_in(auth, email)
    seen = {entered.refresh_token}
    for _ in range(5):
        clock.turn(60)
        entered = await refresh(auth, refresh_token=entered.refresh_token)
        assert (await caller_of(auth, entered.access_token)).session == entered.session
        seen.add(entered.refresh_token)
    assert len(seen) == 6


async def test_a_used_one_ends_the_whole_family(auth: Auth, email: str, clock: TurnableClock) -> None:
    """A token presented again after the grace ends every token and access token of its login, and is audited."""
    first = await logged_in(auth, email)
    other = await again(auth, email)
    second = await refresh(auth, refresh_token=first.refresh_token)
    clock.turn(11)
    with pytest.raises(ReusedRefreshToken):
        await refresh(auth, refresh_token=first.refresh_token)
    for dead in (first.refresh_token, second.refresh_token):
        with pytest.raises(InvalidCredentials):
            await refresh(auth, refresh_token=dead)
    assert await auth.prover.by_bearer(second.access_token.encode()) is None
    await caller_of(auth, other.access_token)
    audited = await rows(
        auth_url(auth), "SELECT outcome, actor FROM audit_log WHERE subject = $1", f"session:{first.session}"
    )
    assert [tuple(row) for row in audited] == [("refused", f"user:{first.user}")]


async def test_a_lost_answer_is_given_again(auth: Auth, email: str, clock: TurnableClock) -> None:
    """Within ten seconds, while the successor is unused, the same token gives the same successor."""
    first = await logged_in(auth, email)
    lost = await refresh(auth, refresh_token=first.refresh_token)
    clock.turn(10)
    found = await refresh(auth, refresh_token=first.refresh_token)
    assert found.refresh_token == lost.refresh_token and found.session == lost.session
    await caller_of(auth, found.access_token)


async def test_the_grace_ends_with_the_use_of_the_successor(auth: Auth, email: str) -> None:
    """Once the successor was used its predecessor is a theft, however soon it comes."""
    first = await logged_in(auth, email)
    second = await refresh(auth, refresh_token=first.refresh_token)
    await refresh(auth, refresh_token=second.refresh_token)
    with pytest.raises(ReusedRefreshToken):
        await refresh(auth, refresh_token=first.refresh_token)


async def test_a_browser_has_longer_and_gets_the_newest(auth: Auth, email: str, clock: TurnableClock) -> None:
    """By the cookie an overtaken token gives the newest successor within a minute; after it, it ends the login."""
    first = await logged_in(auth, email)
    second = await refresh(auth, refresh_token=first.refresh_token, cookie=True)
    third = await refresh(auth, refresh_token=second.refresh_token, cookie=True)
    clock.turn(59)
    for overtaken in (first, second):
        found = await refresh(auth, refresh_token=overtaken.refresh_token, cookie=True)
        assert found.refresh_token == third.refresh_token
    clock.turn(2)
    with pytest.raises(ReusedRefreshToken):
        await refresh(auth, refresh_token=first.refresh_token, cookie=True)
    with pytest.raises(InvalidCredentials):
        await refresh(auth, refresh_token=third.refresh_token, cookie=True)


async def test_fifty_at_once_are_one_use(auth: Auth, email: str) -> None:
    """Concurrent refreshes with one token, as from many tabs, all get one and the same successor."""
    first = await logged_in(auth, email)
    async with asyncio.timeout(20):
        found = await asyncio.gather(*(refresh(auth, refresh_token=first.refresh_token) for _ in range(50)))
    assert len({entered.refresh_token for entered in found}) == 1


async def test_an_unused_one_expires_after_a_week_and_any_after_three_months(
    auth: Auth, email: str, clock: TurnableClock
) -> None:
    """Seven days without a refresh end a login; with daily refreshes it ends after ninety."""
    idle = await logged_in(auth, email)
    clock.turn(7 * DAY)
    with pytest.raises(InvalidCredentials):
        await refresh(auth, refresh_token=idle.refresh_token)
    busy = await again(auth, email)
    for _ in range(89):
        clock.turn(DAY)
        busy = await refresh(auth, refresh_token=busy.refresh_token)
    clock.turn(DAY)
    with pytest.raises(InvalidCredentials):
        await refresh(auth, refresh_token=busy.refresh_token)


@pytest.mark.parametrize("token", ["", "est_refresh_", "est_refresh_" + "x" * 42, "est_live_" + "x" * 46, "\0" * 55])
async def test_what_is_not_shaped_like_one_costs_no_query(auth: Auth, token: str) -> None:
    """Rubbish is refused before the database is asked."""
    before = reads(auth)
    with pytest.raises(InvalidCredentials):
        await refresh(auth, refresh_token=token)
    assert reads(auth) == before


async def test_a_stranger_is_refused(auth: Auth) -> None:
    """A well-shaped token that was never issued is refused."""
    with pytest.raises(InvalidCredentials):
        await refresh(auth, refresh_token="est_refresh_" + "x" * 43)


async def test_no_refresh_token_is_stored(auth: Auth, email: str) -> None:
    """Neither token nor successor can be read from the tables; a successor opens only with its predecessor."""
    first = await logged_in(auth, email)
    second = await refresh(auth, refresh_token=first.refresh_token)
    stored = await rows(auth_url(auth), "SELECT * FROM refresh_tokens WHERE session_id = $1", first.session)
    dump = b"".join(value for row in stored for value in row.values() if isinstance(value, bytes))
    assert len(stored) == 2
    assert first.refresh_token.encode() not in dump and second.refresh_token.encode() not in dump


async def test_logout_ends_the_session_by_access_or_refresh_token(auth: Auth, email: str) -> None:
    """Either token is enough to log out; afterwards neither works, and other sessions go on."""
    one, two, three = await logged_in(auth, email), await again(auth, email), await again(auth, email)
    await account.logout(auth, caller=await caller_of(auth, one.access_token), refresh_token=None)
    anonymous = Principal(id="anonymous", tenant=DEFAULT_TENANT, proof="none")
    await account.logout(auth, caller=anonymous, refresh_token=two.refresh_token)
    for ended in (one, two):
        assert await auth.prover.by_bearer(ended.access_token.encode()) is None
        with pytest.raises(InvalidCredentials):
            await refresh(auth, refresh_token=ended.refresh_token)
    await refresh(auth, refresh_token=three.refresh_token)


async def test_logout_everywhere_ends_all(auth: Auth, email: str) -> None:
    """Every session of the account ends at once, those of others do not."""
    mine, also_mine = await logged_in(auth, email), await again(auth, email)
    other = await logged_in(auth, f"other-{email}")
    await account.logout_everywhere(auth, caller=await caller_of(auth, mine.access_token))
    for ended in (mine, also_mine):
        assert await auth.prover.by_bearer(ended.access_token.encode()) is None
        with pytest.raises(InvalidCredentials):
            await refresh(auth, refresh_token=ended.refresh_token)
    await caller_of(auth, other.access_token)


async def test_another_password_ends_all_but_a_new_session(auth: Auth, email: str) -> None:
    """After a change of password the old one and all old sessions are worth nothing; the answer's session works."""
    mine, also_mine = await logged_in(auth, email), await again(auth, email)
    caller = await caller_of(auth, mine.access_token)
    entered = await account.change_password(
        auth, caller=caller, present=PASSWORD, following="another password", address="192.0.2.7"
    )
    await caller_of(auth, entered.access_token)
    for ended in (mine, also_mine):
        assert await auth.prover.by_bearer(ended.access_token.encode()) is None
    with pytest.raises(InvalidCredentials):
        await again(auth, email)
    await again(auth, email, "another password")


async def test_an_api_key_has_no_sessions_to_end(auth: Auth) -> None:
    """What is about a person's account is refused to keys."""
    key = Principal(id="key:1", tenant=DEFAULT_TENANT, proof="api_key", key=uuid4())
    with pytest.raises(Forbidden):
        await account.logout_everywhere(auth, caller=key)


def auth_url(auth: Auth) -> str:
    return auth.database.settings.url.get_secret_value()
