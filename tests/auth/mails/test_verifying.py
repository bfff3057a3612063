"""Addresses that are shown to be somebody's: confirming one's own, changing it, and logging in only with one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from esteio.standins.smtp import Sink
from tests.auth.mails.post import ANOTHER, PASSWORD, Office, body, opened, refused, somebody
from tests.conftest import House

DAYS = 86_400


def test_who_registers_confirms_their_address(office: Office) -> None:
    """The mail that a registration brings confirms the address, once; the account is usable before."""
    email = office.register()
    person = office.entered(email)
    assert person.get("/api/v2/auth/me").json()["data"]["email_verified"] is False
    token = office.token(email)
    answer = office.confirm(token)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "verified", "email": email})
    assert person.get("/auth/me").json()["email_verified"] is True
    refused(office.confirm(token), "MAIL_TOKEN_NOT_GOOD")
    assert office.audited("user.email_verified")[-1]["subject"] == person.get("/auth/me").json()["id"]


def test_of_many_at_once_one_confirms(office: Office) -> None:
    """A token that many show at the same time is used once, and the audit log has one entry."""
    email = office.register()
    token, before = office.token(email), len(office.audited("user.email_verified"))
    with ThreadPoolExecutor(6) as pool:
        answers = [answer.status_code for answer in pool.map(office.confirm, [token] * 6)]
    assert sorted(answers) == [200, 422, 422, 422, 422, 422]
    assert len(office.audited("user.email_verified")) == before + 1


def test_the_mail_can_be_asked_for_again(office: Office) -> None:
    """The newer token ends the older one; a confirmed address is refused, and so is a caller without an account."""
    email = office.register()
    older = office.token(email)
    person = office.entered(email)
    assert person.post("/auth/email/verification").status_code == 202
    office.work()
    newer = office.token(email)
    assert newer != older
    refused(office.confirm(older), "MAIL_TOKEN_NOT_GOOD")
    assert office.confirm(newer).status_code == 200
    refused(person.post("/auth/email/verification"), "CONFLICT", 409)
    assert office.served.client.post("/auth/email/verification").status_code == 403
    assert office.post("/auth/email/verification").status_code == 401


def test_it_is_asked_for_five_times_a_day_at_most(office: Office) -> None:
    """The registration's mail counts; then there is a 429 that says how long to wait."""
    person = office.entered(office.register())
    answers = [person.post("/auth/email/verification") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 202, 429]
    assert int(answers[-1].headers["retry-after"]) > 80_000


def test_a_token_ends_after_three_days(office: Office) -> None:
    """It is good within them, and not after."""
    early, late = office.register(), office.register()
    office.clock.turn(3 * DAYS - 60)
    assert office.confirm(office.token(early)).status_code == 200
    office.clock.turn(61)
    refused(office.confirm(office.token(late)), "MAIL_TOKEN_NOT_GOOD")


def test_a_new_address_counts_when_it_was_confirmed(office: Office) -> None:
    """Until then the account has the old one; after, only the new one logs in, and the old one is told."""
    old, new = office.register(), somebody()
    person = office.entered(old)
    answer = person.post("/auth/email", json={"email": new.upper(), "password": PASSWORD})
    assert answer.status_code == 202, answer.text
    office.work()
    assert person.get("/auth/me").json()["email"] == old
    assert office.login(new).status_code == 401
    token = office.token(new)
    assert office.confirm(token).json() == {"outcome": "changed", "email": new}
    office.work()
    me = person.get("/auth/me").json()
    assert (me["email"], me["email_verified"]) == (new, True)
    assert (office.login(old).status_code, office.login(new).status_code) == (401, 200)
    told = office.mails(old)[-1]
    assert "was changed" in str(told["subject"]) and new not in body(told) + body(told, "html")
    assert office.audited("user.email_changed")[-1]["subject"] == me["id"]
    refused(office.confirm(token), "MAIL_TOKEN_NOT_GOOD")
    assert office.register(old)  # it is free again


def test_a_change_asks_for_the_password(office: Office) -> None:
    """A wrong one is refused by its field, the present address too, and nothing is mailed."""
    email, new = office.register(), somebody()
    person = office.entered(email)
    refused(person.post("/auth/email", json={"email": new, "password": ANOTHER}), "WRONG_PASSWORD")
    refused(person.post("/auth/email", json={"email": email, "password": PASSWORD}), "SAME_EMAIL")
    office.work()
    assert office.mails(new) == []


def test_a_change_to_somebody_elses_address_is_told_to_them_alone(office: Office) -> None:
    """The answer is that of a free address; its owner's mail says that it has an account, and holds no token."""
    mine, theirs = office.register(), office.register()
    person = office.entered(mine)
    free = person.post("/auth/email", json={"email": somebody(), "password": PASSWORD})
    taken = person.post("/auth/email", json={"email": theirs, "password": PASSWORD})
    assert (taken.status_code, taken.json()) == (free.status_code, free.json()) == (202, free.json())
    office.work()
    told = office.mails(theirs)[-1]
    assert "has an account" in body(told) and "est_mail_" not in body(told) + body(told, "html")
    assert person.get("/auth/me").json()["email"] == mine


def test_an_address_that_was_taken_meanwhile_is_refused(office: Office) -> None:
    """Of two accounts that want one address the first to confirm gets it; the other is told, and keeps its own."""
    new, people = somebody(), [office.register(), office.register()]
    tokens = []
    for email in people:
        office.entered(email).post("/auth/email", json={"email": new, "password": PASSWORD})
        office.work()
        tokens.append(office.token(new))
    with ThreadPoolExecutor(2) as pool:
        answers = [answer.status_code for answer in pool.map(office.confirm, tokens)]
    assert sorted(answers) == [200, 409]
    loser = people[answers.index(409)]
    assert office.login(loser).status_code == 200


@pytest.mark.parametrize("way", ["change", "reset"])
def test_another_password_ends_a_change_that_waits(office: Office, way: str) -> None:
    """Who has taken over an account cannot take it along to their address once its owner has set another password."""
    email, new = office.register(), somebody()
    person = office.entered(email)
    person.post("/auth/email", json={"email": new, "password": PASSWORD})
    office.work()
    token = office.token(new)
    if way == "change":
        person.post("/auth/password", json={"password": PASSWORD, "new_password": ANOTHER})
    else:
        assert office.reset(office.asked_token(email)).status_code == 204
    refused(office.confirm(token), "MAIL_TOKEN_NOT_GOOD")
    assert office.login(email, ANOTHER).status_code == 200


def test_another_address_ends_what_was_mailed_to_the_old_one(office: Office) -> None:
    """A reset and a confirmation of the old address are refused after the change."""
    email, new = office.register(), somebody()
    verification, reset = office.token(email), office.asked_token(email)
    office.entered(email).post("/auth/email", json={"email": new, "password": PASSWORD})
    office.work()
    assert office.confirm(office.token(new)).status_code == 200
    refused(office.reset(reset), "MAIL_TOKEN_NOT_GOOD")
    refused(office.confirm(verification), "MAIL_TOKEN_NOT_GOOD")


def test_who_changes_their_password_is_told(office: Office) -> None:
    """The account's address gets a mail without a token, also when the change was made in another tenant."""
    email = office.register()
    assert office.confirm(office.token(email)).status_code == 200
    slug = f"t-{email.partition('@')[0]}"
    made = {"slug": slug, "name": slug, "admin": {"email": email, "name": "Ana"}}
    assert office.served.client.post("/api/v2/tenants", json=made).status_code == 201
    there = office.post("/auth/login", {"email": email, "password": PASSWORD, "tenant": slug}).json()
    bearer = {"authorization": f"Bearer {there['access_token']}"}
    answer = office.post("/auth/password", {"password": PASSWORD, "new_password": ANOTHER}, **bearer)
    assert answer.status_code == 200, answer.text
    office.work()
    assert "Your password" in str(office.mails(email)[-1]["subject"])


@pytest.fixture(scope="module")
def strict(house: House, sink: Sink) -> Iterator[Office]:
    with opened(house, sink, AUTH__VERIFIED_EMAIL="required", LIMITS__ENABLED="false") as office:
        yield office


class TestWhereAddressesMustBeConfirmed:
    def test_the_right_password_alone_is_not_enough(self, strict: Office) -> None:
        """403 EMAIL_NOT_VERIFIED with it and 401 with a wrong one; once confirmed, the login goes through."""
        email = strict.register()
        refused(strict.login(email, "wrong wrong wrong"), "INVALID_CREDENTIALS", 401)
        refused(strict.login(email), "EMAIL_NOT_VERIFIED", 403)
        strict.work()
        assert strict.confirm(strict.token(email)).status_code == 200
        assert strict.login(email).status_code == 200

    def test_the_refusal_sends_the_mail_again(self, strict: Office) -> None:
        """Who has lost it gets another by logging in, five a day at most; no number of such logins is delayed."""
        email = strict.register()
        for _ in range(8):
            refused(strict.login(email), "EMAIL_NOT_VERIFIED", 403)
            strict.work()
        assert len(strict.mails(email)) == 5
        assert strict.confirm(strict.token(email)).status_code == 200
        assert strict.login(email).status_code == 200

    def test_a_reset_confirms_too(self, strict: Office) -> None:
        """Who sets a password by mail has read mail to the address."""
        email = strict.register()
        assert strict.reset(strict.asked_token(email)).status_code == 204
        assert strict.login(email, ANOTHER).status_code == 200
