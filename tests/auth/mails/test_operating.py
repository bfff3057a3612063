"""What an operator does where no mail is sent."""

from collections.abc import Callable

import pytest

from tests.auth.mails.post import ANOTHER, PASSWORD, TOKEN
from tests.cli.command import run
from tests.conftest import House
from tests.house import environment, sql


@pytest.fixture(scope="module")
def given(new_database: Callable[[], str], new_redis: Callable[[], str]) -> dict[str, str]:
    return environment(new_database(), new_redis())


def test_a_link_by_hand_sets_a_password(house: House, given: dict[str, str]) -> None:
    """The link that the command prints is good once, ends the one before, and its making is audited."""
    email, url = "ana@example.org", given["ESTEIO_DATABASE__URL"]
    made = run("users", "create", "--email", email, "--password-stdin", environment=given, said=PASSWORD)
    assert made.code == 0, made.err
    printed = [run("users", "reset-password", email.upper(), environment=given) for _ in range(2)]
    assert [one.code for one in printed] == [0, 0], printed
    assert all(one.out.startswith("https://api.example.org/console/account/reset#token=est_mail_") for one in printed)
    older, newer = (TOKEN.findall(one.out)[0] for one in printed)
    with house(services=(), database_url=url) as served:
        answers = [
            served.anonymous.post("/auth/password/reset", json={"token": token, "new_password": ANOTHER}).status_code
            for token in (older, newer, newer)
        ]
        assert answers == [422, 204, 422]
        entered = served.anonymous.post("/auth/login", json={"email": email, "password": ANOTHER})
        assert entered.status_code == 200
        me = served.anonymous.get("/auth/me", headers={"Authorization": f"Bearer {entered.json()['access_token']}"})
        assert me.json()["email_verified"] is True
    audited = sql(url, "SELECT actor, subject FROM audit_log WHERE action = 'user.reset_link_made'")
    assert [tuple(row) for row in audited] == [("operator", me.json()["id"])] * 2


def test_there_is_no_link_for_nobody(given: dict[str, str]) -> None:
    """An address without an account is said to have none, and nothing is printed that could be mistaken for a link."""
    done = run("users", "reset-password", "nobody@example.org", environment=given)
    assert done.code != 0 and done.out == "" and "nobody@example.org" in done.err
