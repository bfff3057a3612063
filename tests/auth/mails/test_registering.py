"""Registering where an address must be confirmed before there is an account."""

from collections.abc import Iterator

import pytest

from esteio.base.errors import StartRefused
from esteio.settings import read_settings
from esteio.standins.smtp import Sink
from tests.auth.mails.post import ANOTHER, PASSWORD, Office, body, opened, refused, somebody, token_of
from tests.conftest import House
from tests.house import environment


@pytest.fixture(scope="module")
def opened_office(house: House, sink: Sink) -> Iterator[Office]:
    with opened(house, sink, AUTH__REGISTRATION_CONFIRMED="true", LIMITS__ENABLED="false") as office:
        yield office


def registration(email: str, password: str = PASSWORD) -> dict[str, str]:
    return {"email": email, "password": password, "name": "Ana"}


def test_the_account_is_made_when_the_address_is_confirmed(office: Office) -> None:
    """Before there is no account to log in to; after, its password is that of the registration."""
    email = office.register()
    assert office.login(email).status_code == 401
    assert office.served.sql("SELECT count(*) AS rows FROM users WHERE email = $1", email)[0]["rows"] == 0
    token = office.token(email)
    assert office.confirm(token).json() == {"outcome": "registered", "email": email}
    me = office.entered(email).get("/auth/me").json()
    assert (me["email"], me["email_verified"], me["name"], me["roles"]) == (email, True, "Ana", ["user"])
    assert office.audited("user.registered")[-1]["actor"] == me["id"]
    refused(office.confirm(token), "MAIL_TOKEN_NOT_GOOD")
    assert office.served.sql("SELECT count(*) AS rows FROM registrations WHERE email = $1", email)[0]["rows"] == 0


def test_an_address_that_has_an_account_gets_the_same_answer(office: Office) -> None:
    """The answers are alike, and so are the rows; the mail says that there is an account, which keeps its password."""
    known, unknown = office.register(), somebody()
    assert office.confirm(office.token(known)).status_code == 200
    first = office.post("/auth/register", registration(known, ANOTHER))
    second = office.post("/auth/register", registration(unknown, ANOTHER))
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (202, first.json())
    assert len(office.served.sql("SELECT id FROM registrations WHERE email IN ($1, $2)", known, unknown)) == 2
    office.work()
    told = office.mails(known)[-1]
    assert "has an account" in body(told) and "est_mail_" not in body(told) + body(told, "html")
    assert (office.login(known).status_code, office.login(known, ANOTHER).status_code) == (200, 401)
    assert office.served.sql("SELECT id FROM registrations WHERE email = $1", known) == []


def test_each_registration_has_its_own_password(office: Office) -> None:
    """A stranger's registration of the same address neither ends nor changes the owner's; one confirmed ends all."""
    email = somebody()
    office.register(email)
    office.register(email, ANOTHER)
    own, strangers = (token_of(mail) for mail in office.mails(email))
    assert office.confirm(own).status_code == 200
    assert (office.login(email).status_code, office.login(email, ANOTHER).status_code) == (200, 401)
    refused(office.confirm(strangers), "MAIL_TOKEN_NOT_GOOD")


def test_it_is_over_after_three_days(office: Office) -> None:
    """Its token is refused then, and the registration with its password hash is deleted in passing."""
    email = office.register()
    token = office.token(email)
    office.clock.turn(3 * 86_400)
    refused(office.confirm(token), "MAIL_TOKEN_NOT_GOOD")
    office.clock.turn(86_401)
    office.register()
    assert office.served.sql("SELECT id FROM registrations WHERE email = $1", email) == []


def test_a_letter_that_comes_too_late_is_not_sent(office: Office) -> None:
    """A registration that was over before its mail could go is not mailed, since its token would make nothing."""
    email = somebody()
    assert office.post("/auth/register", registration(email)).status_code == 202
    office.clock.turn(4 * 86_400)
    office.work()
    assert office.mails(email) == []
    assert office.letters("registration")[-1]["state"] == "withdrawn"


def test_an_address_is_mailed_five_times_a_day(office: Office) -> None:
    """Who registers a stranger's address cannot fill their mailbox."""
    email = somebody()
    answers = [office.post("/auth/register", registration(email)).status_code for _ in range(6)]
    assert answers == [202] * 5 + [429]


def test_what_is_wrong_with_a_password_is_said_at_once(office: Office) -> None:
    """A registration that could never become an account is refused by its field, and nothing is mailed."""
    email = somebody()
    refused(office.post("/auth/register", registration(email, email)), "PASSWORD_IS_EMAIL")
    office.work()
    assert office.mails(email) == []


@pytest.mark.parametrize("setting", [("REGISTRATION_CONFIRMED", "true"), ("VERIFIED_EMAIL", "required")])
def test_without_a_mail_server_the_start_is_refused(setting: tuple[str, str]) -> None:
    """Settings by which nobody new could come in are refused by name."""
    given = environment("postgresql://nowhere.invalid/esteio", "redis://nowhere.invalid")
    with pytest.raises(StartRefused, match=f"ESTEIO_AUTH__{setting[0]}.*ESTEIO_MAIL__SERVER"):
        read_settings({}, {**given, f"ESTEIO_AUTH__{setting[0]}": setting[1]})


@pytest.mark.parametrize(
    "link", ["https://app.example.org/reset?token={token}", "https://app.example.org/reset", "javascript:#{token}"]
)
def test_a_link_that_would_show_the_token_is_refused(link: str) -> None:
    """A template has the token in its fragment, once, and is an address of the web."""
    given = environment("postgresql://nowhere.invalid/esteio", "redis://nowhere.invalid")
    with pytest.raises(StartRefused, match="ESTEIO_AUTH__RESET_URL"):
        read_settings({}, {**given, "ESTEIO_AUTH__RESET_URL": link})
