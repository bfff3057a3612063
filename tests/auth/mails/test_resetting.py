"""A new password by mail: who gets one, what it ends, and that nobody learns which addresses have accounts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from esteio.standins.smtp import Sink
from tests.auth.mails.post import ANOTHER, PASSWORD, Office, body, opened, refused, somebody, token_of
from tests.conftest import House


def test_a_lost_password_is_replaced(office: Office) -> None:
    """The mail's token sets a password once; the old one is gone, and the address is told and counts as confirmed."""
    email = office.register()
    office.login(email, "wrong wrong wrong")
    answer = office.reset(office.asked_token(email))
    assert (answer.status_code, answer.content) == (204, b"")
    office.work()
    assert office.login(email, PASSWORD).status_code == 401
    person = office.entered(email, ANOTHER)
    assert person.get("/auth/me").json()["email_verified"] is True
    told = office.mails(email)[-1]
    assert "Your password" in str(told["subject"]) and "est_mail_" not in body(told)
    assert [row["actor"] for row in office.audited("user.password_reset")] == [person.get("/auth/me").json()["id"]]


def test_every_session_ends(office: Office, house: House, sink: Sink) -> None:
    """Access and refresh tokens of before are refused in every process and tenant, at once."""
    email = office.register()
    assert office.confirm(office.token(email)).status_code == 200
    slug = f"t-{email.partition('@')[0]}"
    made = office.served.client.post(
        "/api/v2/tenants", json={"slug": slug, "name": slug, "admin": {"email": email, "name": "Ana"}}
    )
    assert made.status_code == 201, made.text
    first = office.login(email).json()
    elsewhere = office.post("/auth/login", {"email": email, "password": PASSWORD, "tenant": slug}).json()
    token = office.asked_token(email)
    others = {"database_url": office.served.database_url, "services": (), "clock": office.clock}
    with house(**others, AUTH__FRESHNESS_SECONDS="0") as second:
        bearers = [{"Authorization": f"Bearer {one['access_token']}"} for one in (first, elsewhere)]
        assert [second.anonymous.get("/auth/me", headers=one).status_code for one in bearers] == [200, 200]
        assert office.reset(token).status_code == 204
        assert [second.anonymous.get("/auth/me", headers=one).status_code for one in bearers] == [401, 401]
        for one in (first, elsewhere):
            renewed = second.anonymous.post("/auth/refresh", json={"refresh_token": one["refresh_token"]})
            assert renewed.status_code == 401


def test_a_token_is_good_for_one_use(office: Office) -> None:
    """Shown again it is refused in the words of one that never was, and the password stays."""
    email = office.register()
    token = office.asked_token(email)
    assert office.reset(token).status_code == 204
    again = office.reset(token, "a third horse altogether")
    unknown = office.reset("est_mail_" + "0" * 43, "a third horse altogether")
    refused(again, "MAIL_TOKEN_NOT_GOOD")
    assert again.json()["errors"] == unknown.json()["errors"]
    assert again.json()["errors"][0]["field"] == "token"
    assert office.login(email, ANOTHER).status_code == 200


def test_of_two_at_once_one_wins(office: Office) -> None:
    """Of many resets with one token at the same time exactly one sets its password."""
    email = office.register()
    token = office.asked_token(email)
    passwords = [f"horse number {number} of many" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda password: office.reset(token, password).status_code, passwords))
    assert sorted(answers) == [204, 422, 422, 422, 422, 422]
    assert office.login(email, passwords[answers.index(204)]).status_code == 200


def test_a_newer_request_ends_the_older_ones(office: Office) -> None:
    """Only the last mail's token is good."""
    email = office.register()
    older = office.asked_token(email)
    newer = office.asked_token(email)
    refused(office.reset(older), "MAIL_TOKEN_NOT_GOOD")
    assert office.reset(newer).status_code == 204


def test_of_letters_that_wait_the_newest_goes(office: Office) -> None:
    """Two that were asked for before any was sent are one mail, that of the newer."""
    email = office.register()
    before = len(office.mails(email))
    assert (office.forgot(email).status_code, office.forgot(email).status_code) == (202, 202)
    office.work()
    assert len(office.mails(email)) == before + 1
    assert [letter["state"] for letter in office.letters("reset")[-2:]] == ["withdrawn", "sent"]
    assert office.reset(office.token(email)).status_code == 204


@pytest.mark.parametrize("way", ["password", "logout-all"])
def test_what_ends_the_sessions_ends_the_tokens(office: Office, way: str) -> None:
    """After another password, or logging out everywhere, tokens of before are refused and waiting letters stay."""
    email = office.register()
    token = office.asked_token(email)
    assert office.forgot(email).status_code == 202
    person = office.entered(email)
    change = {"password": PASSWORD, "new_password": ANOTHER}
    answer = person.post(f"/auth/{way}", json=change if way == "password" else None)
    assert answer.status_code in (200, 204), answer.text
    before = len(office.mails(email))
    office.work()
    assert office.letters("reset")[-1]["state"] == "withdrawn"
    assert len(office.mails(email)) == before + (1 if way == "password" else 0)
    refused(office.reset(token, "a third horse altogether"), "MAIL_TOKEN_NOT_GOOD")


def test_a_token_ends_with_its_time(office: Office) -> None:
    """It is good until 60 minutes are over, and not after."""
    email = office.register()
    token = office.asked_token(email)
    office.clock.turn(60 * 60 - 1)
    refused(office.reset(token, "short"), "VALIDATION_ERROR")
    office.clock.turn(1)
    refused(office.reset(token), "MAIL_TOKEN_NOT_GOOD")
    refused(office.reset(token, email), "MAIL_TOKEN_NOT_GOOD")  # before anything else is looked at
    assert office.login(email).status_code == 200


def test_a_password_that_is_not_acceptable_leaves_the_token(office: Office) -> None:
    """The refusal names the field, and the same token then sets a better password."""
    email = office.register()
    token = office.asked_token(email)
    answer = office.reset(token, email)
    refused(answer, "PASSWORD_IS_EMAIL")
    assert answer.json()["errors"][0]["field"] == "new_password"
    assert office.reset(token).status_code == 204


def test_the_delay_after_failures_is_forgiven(office: Office) -> None:
    """Who failed until they had to wait, and set a new password, logs in at once."""
    email = office.register()
    for _ in range(5):
        assert office.login(email, "wrong wrong wrong").status_code == 401
    assert office.login(email).status_code == 429
    assert office.forgot(email).status_code == 202
    office.work()
    assert office.reset(office.token(email)).status_code == 204
    assert office.login(email, ANOTHER).status_code == 200


def test_an_unknown_address_gets_the_same_answer(office: Office) -> None:
    """Answer and rows are alike whether the address has an account or not; only its mailbox can tell."""
    known, unknown = office.register(), somebody()
    first, second = office.forgot(known), office.forgot(unknown)
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (202, first.json())
    rows = office.letters("reset")[-2:]
    assert [row["subject"] is None for row in rows] == [False, True]
    waiting = office.served.sql("SELECT payload, tenant_id, principal FROM jobs WHERE outcome IS NULL")
    assert {(row["tenant_id"], row["principal"]) for row in waiting} == {(rows[0]["tenant_id"], "anonymous")}
    assert unknown not in str([dict(row) for row in waiting]) + str(rows)
    office.work()
    assert (len(office.mails(known)), office.mails(unknown)) == (2, [])
    assert office.letters("reset")[-1]["state"] == "withdrawn"


def test_asking_does_the_same_work_for_both(office: Office) -> None:
    """The database is asked the same statements, in the same number, for an address with and one without an account."""
    from sqlalchemy import event

    known, unknown = office.register(), somebody()
    engine = office.served.app.resources.database._engine
    assert engine is not None
    said: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        office.forgot(known)
        first, said[:] = list(said), []
        office.forgot(unknown)
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
    assert first == said and len(said) > 4


def test_a_disabled_account_gets_nothing(office: Office) -> None:
    """No mail goes to it, and a token of before is refused."""
    email = office.register()
    token = office.asked_token(email)
    office.served.sql("UPDATE users SET disabled_at = now() WHERE email = $1", email)
    refused(office.reset(token), "MAIL_TOKEN_NOT_GOOD")
    before = len(office.mails(email))
    assert office.forgot(email).status_code == 202
    office.work()
    assert len(office.mails(email)) == before


def test_an_account_without_a_password_gets_one(office: Office) -> None:
    """A user whom an administrator made without one sets it by mail; an account without an address cannot."""
    email = somebody()
    made = office.served.client.post("/api/v2/users", json={"email": email, "name": "Ana"})
    assert made.status_code == 201, made.text
    assert office.reset(office.asked_token(email)).status_code == 204
    assert office.login(email, ANOTHER).status_code == 200
    office.work()
    office.served.sql("DELETE FROM identities WHERE user_id = $1", made.json()["data"]["id"])
    before = len(office.mails(email))
    assert office.forgot(email).status_code == 202
    office.work()
    assert len(office.mails(email)) == before


def test_an_address_is_mailed_five_times_a_day(office: Office) -> None:
    """The sixth request of a day is refused with the time to wait, for unknown addresses too; a day later it goes."""
    for email in (office.register(), somebody()):
        for _ in range(5):
            assert office.forgot(email).status_code == 202
        answer = office.forgot(email)
        refused(answer, "RATE_LIMITED", 429)
        assert 86_000 < int(answer.headers["retry-after"]) <= 86_400
        office.clock.turn(86_400)
        assert office.forgot(email).status_code == 202


@pytest.fixture(scope="module")
def strict(house: House, sink: Sink) -> Iterator[Office]:
    with opened(house, sink, AUTH__MAILS_A_DAY="100") as office:
        yield office


def test_an_address_is_limited_by_the_minute_and_caller(strict: Office) -> None:
    """The sixth request for an account from one address within a minute is refused, known or not."""
    for email in (strict.register(), somebody()):
        answers = [strict.forgot(email) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 120
        assert strict.login(email, "wrong wrong wrong").status_code == 401


def test_without_a_mail_server_it_says_so(house: House) -> None:
    """503 MAIL_OFF, for known and unknown addresses alike, and nothing is written down."""
    with house(services=()) as served:
        for email in ("admin@example.org", "nobody@example.org"):
            answer = served.anonymous.post("/auth/password/forgot", json={"email": email})
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "MAIL_OFF"), answer.text
            assert answer.json()["type"].endswith("/mail-off")
        assert served.sql("SELECT count(*) AS rows FROM account_letters")[0]["rows"] == 0


@pytest.mark.parametrize("token", ["", "est_mail_", "est_mail_" + "é" * 43, "est_refresh_" + "0" * 43, "x" * 200])
def test_what_is_no_token_is_refused(office: Office, token: str) -> None:
    """Whatever is sent in place of a token gets the one refusal, and asks the database nothing."""
    refused(office.reset(token), "MAIL_TOKEN_NOT_GOOD")


def test_a_token_is_good_for_its_purpose_only(office: Office) -> None:
    """One that confirms an address sets no password, and one that sets a password confirms no address."""
    email = office.register()
    verification = token_of(office.mails(email)[-1])
    refused(office.reset(verification), "MAIL_TOKEN_NOT_GOOD")
    reset = office.asked_token(email)
    refused(office.confirm(reset), "MAIL_TOKEN_NOT_GOOD")
    assert office.confirm(verification).status_code == 200
