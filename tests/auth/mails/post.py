"""A house that mails: people with accounts, a mail server beside it, and the jobs that send."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import count
from typing import Any

import httpx

from esteio.base.clock import TurnableClock
from esteio.resources import open_resources
from esteio.settings import Settings
from esteio.standins.smtp import Sink
from esteio.worker.assembly import open_workshop
from tests.conftest import House
from tests.files.shop import interrupted, run_due
from tests.house import AMPLE, NO_TLS, Served

FROM = "accounts@example.org"
PASSWORD = "correct horse battery"
ANOTHER = "another horse entirely"
TOKEN = re.compile(r"est_mail_[0-9A-Za-z]{43}")
_numbers = count(1)


def mailing(sink: Sink, **more: str) -> dict[str, str]:
    """Settings of a house that mails through it."""
    return {
        "MAIL__SERVER": sink.host,
        "MAIL__PORT": str(sink.port),
        "MAIL__TLS": "none",
        "MAIL__FROM_ADDRESS": FROM,
        "MAIL__TIMEOUT": f"{AMPLE:g}",
        "MAIL__ANSWER_TIMEOUT": f"{AMPLE:g}",
        **more,
    }


def waiting(settings: Settings, seconds: float) -> Settings:
    """The same, but that a mail server which says nothing after the dot is given up after so many seconds."""
    mail = settings.mail.model_copy(update={"answer_timeout": seconds})
    return settings.model_copy(update={"mail": mail})


def somebody() -> str:
    """An address that nobody has had before."""
    return f"person-{next(_numbers)}@example.org"


def present() -> TurnableClock:
    """A clock that stands at the machine's time, so that it agrees with the database's."""
    return TurnableClock(datetime.now(UTC))


@dataclass
class Office:
    """A house in this process with its mail server. `clock` is that of house and jobs."""

    served: Served
    sink: Sink
    clock: TurnableClock

    def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        """Call as nobody."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.served.anonymous.post(path, json=body, headers=named)

    def register(self, email: str | None = None, password: str = PASSWORD, **headers: str) -> str:
        """A registered person's address. Whatever was mailed for it has been sent."""
        email = email or somebody()
        answer = self.post("/auth/register", {"email": email, "password": password, "name": "Ana"}, **headers)
        assert answer.status_code in (201, 202), answer.text
        self.work()
        return email

    def login(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/auth/login", {"email": email, "password": password})

    def entered(self, email: str, password: str = PASSWORD) -> httpx.Client:
        """A client of a new login."""
        answer = self.login(email, password)
        assert answer.status_code == 200, answer.text
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=self.served.url, headers=bearer, timeout=AMPLE, verify=NO_TLS)

    def forgot(self, email: str, **headers: str) -> httpx.Response:
        return self.post("/auth/password/forgot", {"email": email}, **headers)

    def reset(self, token: str, password: str = ANOTHER) -> httpx.Response:
        return self.post("/auth/password/reset", {"token": token, "new_password": password})

    def confirm(self, token: str) -> httpx.Response:
        return self.post("/auth/email/verify", {"token": token})

    def work(self, again: bool = False, waits: float = AMPLE) -> int:
        """Run the letters that are due, each once; `again`: those that rest too. `waits`: see `waiting`."""
        if again:
            self.served.sql("UPDATE job_tickets SET due_at = now(), published_at = NULL WHERE state <> 'running'")

        async def working() -> int:
            workshop = open_workshop("shop", waiting(self.served.app.settings, waits), (), self.clock)
            async with open_resources(workshop.resources):
                done = 0
                while found := await run_due(workshop):  # a few of a tenant at a time
                    done += found
                return done

        done = asyncio.run(working())
        if interrupted(self.served):
            self.work(waits=waits)
        return done

    def mails(self, email: str) -> list[EmailMessage]:
        """What the server took for this address, the oldest first."""
        return [one for one in self.sink.messages() if email in str(one["to"])]

    def token(self, email: str) -> str:
        """The token of the last mail to this address."""
        return token_of(self.mails(email)[-1])

    def asked_token(self, email: str) -> str:
        """The token of a password reset that is asked for now."""
        assert self.forgot(email).status_code == 202
        before = len(self.mails(email))
        self.work()
        assert len(self.mails(email)) == before + 1
        return self.token(email)

    def letters(self, kind: str) -> list[dict[str, Any]]:
        """Our rows of the letters of a kind."""
        return [dict(row) for row in self.served.sql("SELECT * FROM account_letters WHERE kind = $1 ORDER BY id", kind)]

    def audited(self, action: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.served.sql("SELECT * FROM audit_log WHERE action = $1", action)]


@contextmanager
def opened(house: House, sink: Sink, **changes: str) -> Iterator[Office]:
    """A house without services that mails through the server."""
    clock = present()
    with house(services=(), clock=clock, **mailing(sink, **changes)) as served:
        yield Office(served, sink, clock)


def body(message: EmailMessage, kind: str = "plain") -> str:
    """Its text as `plain` or `html`."""
    part = message.get_body((kind,))
    assert part is not None
    found: str = part.get_content()
    return found


def token_of(message: EmailMessage) -> str:
    (found,) = set(TOKEN.findall(body(message)))
    return str(found)


def refused(answer: httpx.Response, code: str, status: int = 422) -> None:
    """The answer is a problem that names this code."""
    assert answer.status_code == status, answer.text
    assert code in [one["code"] for one in answer.json()["errors"]] + [answer.json().get("code")], answer.text
