"""Passwords: hashed with Argon2id in threads of their own, so that the event loop never waits for one."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from esteio.auth.settings import AuthSettings
from esteio.base.errors import Invalid, Unavailable

T = TypeVar("T")

SHORTEST = 10
LONGEST = 128


class Passwords:
    """Hashes and checks. A few at a time; more wait, and beyond `password_queue` are refused with 503."""

    def __init__(self, settings: AuthSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_passes,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_lanes,
        )
        self._threads = ThreadPoolExecutor(settings.password_threads, thread_name_prefix="password")
        self._waiting = 0
        self._queue = settings.password_queue

    async def hashed(self, password: str) -> str:
        """The password's hash, with its parameters and salt."""
        return await self._run(lambda: self._hasher.hash(_normal(password)))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether it is the password; without a stored hash the answer is no, after just as much work."""
        return await self._run(lambda: self._verify(password, stored))

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than are set now."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password: str, stored: str | None) -> bool:
        try:
            self._hasher.verify(stored or self._nobody, _normal(password))
        except (VerifyMismatchError, InvalidHashError):
            return False
        return stored is not None

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(32))

    async def prepare(self) -> None:
        """Make the hash that unknown accounts are checked against, so that the first of them takes no longer."""
        await self._run(lambda: self._nobody)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._queue:
            raise Unavailable("Too many logins at the same time.", retry_after=1, operator="password queue is full")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def check_password(password: str, email: str, *, field: str = "password") -> None:
    """Refuse a password that is too short or too long (10 to 128 characters), or is the e-mail address itself."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid.at(field, f"A password has {SHORTEST} to {LONGEST} characters.", code="PASSWORD_LENGTH")
    plain = password.casefold()
    if plain in (email.casefold(), email.partition("@")[0].casefold()):
        raise Invalid.at(field, "The password must not be the e-mail address.", code="PASSWORD_IS_EMAIL")


def _normal(password: str) -> bytes:
    """The same bytes for the same characters, however the keyboard composes them (NFKC, as NIST SP 800-63B asks)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
