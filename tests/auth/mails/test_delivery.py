"""Mail servers that refuse, delay, hang up and die: no letter goes twice, and no token lies anywhere in clear."""

import pytest

from esteio.standins.smtp import Sink
from tests.auth.mails.post import ANOTHER, Office, refused


@pytest.mark.parametrize("fault", ["rcpt_550", "data_554"])
def test_a_refusal_is_final(office: Office, sink: Sink, fault: str) -> None:
    """The letter is refused with the server's words and not tried again; asking anew works."""
    email = office.register()
    sink.next(fault)
    assert office.forgot(email).status_code == 202
    office.work()
    letter = office.letters("reset")[-1]
    assert (letter["state"], letter["code"]) == ("refused", int(fault[-3:])) and letter["answer"]
    before = len(office.mails(email))
    assert office.work(again=True) == 0
    assert len(office.mails(email)) == before
    assert office.reset(office.asked_token(email)).status_code == 204


@pytest.mark.parametrize("fault", ["rcpt_451", "data_451", "greeting_421", "cut_data"])
def test_what_was_not_taken_is_tried_again(office: Office, sink: Sink, fault: str) -> None:
    """A letter that the server did not take goes with the next try, once, with a token that is good."""
    email = office.register()
    before = len(office.mails(email))
    sink.next(fault)
    assert office.forgot(email).status_code == 202
    office.work()
    assert office.letters("reset")[-1]["state"] == "queued"
    assert office.work() == 0
    office.work(again=True)
    letter = office.letters("reset")[-1]
    assert (letter["state"], letter["code"]) == ("sent", 250)
    assert len(office.mails(email)) == before + 1
    assert office.reset(office.token(email)).status_code == 204


@pytest.mark.parametrize("fault", ["cut_kept", "hang_kept"])
def test_what_nobody_knows_of_is_not_sent_again(office: Office, sink: Sink, fault: str) -> None:
    """The server took it and died after the dot: one mail, its token good, and no second one by itself."""
    email = office.register()
    before = len(office.mails(email))
    sink.next(fault)
    assert office.forgot(email).status_code == 202
    office.work(waits=2)
    assert office.letters("reset")[-1]["state"] == "unconfirmed"
    assert office.work(again=True) == 0
    assert len(office.mails(email)) == before + 1
    assert office.reset(office.token(email)).status_code == 204


def test_what_was_lost_is_sent_when_asked_for_again(office: Office, sink: Sink) -> None:
    """The server never answered the dot and kept nothing: the next request mails a token that is good."""
    email = office.register()
    sink.next("hang_end")
    assert office.forgot(email).status_code == 202
    office.work(waits=2)
    assert office.letters("reset")[-1]["state"] == "unconfirmed"
    assert office.reset(office.asked_token(email)).status_code == 204


def test_a_server_that_is_away_is_waited_for(office: Office, sink: Sink) -> None:
    """The answer to the caller does not change, and the letter goes when the server is back."""
    email = office.register()
    before = len(office.mails(email))
    sink.fault("refused")
    assert office.forgot(email).status_code == 202
    office.work()
    assert office.letters("reset")[-1]["state"] == "queued"
    sink.fault("none")
    office.work(again=True)
    assert len(office.mails(email)) == before + 1


def test_a_letter_whose_worker_died_over_it_is_not_sent_again(office: Office) -> None:
    """One that was being handed over when its run ended is unconfirmed, whoever runs it next."""
    email = office.register()
    before = len(office.mails(email))
    assert office.forgot(email).status_code == 202
    office.served.sql("UPDATE account_letters SET state = 'handing_over' WHERE state = 'queued'")
    office.work()
    assert office.letters("reset")[-1]["state"] == "unconfirmed"
    assert len(office.mails(email)) == before


def test_what_changes_on_the_way_stays(office: Office, sink: Sink) -> None:
    """An account that got another password while its letter was with the server is sent no token."""
    email = office.register()
    person = office.entered(email)
    sink.next("rcpt_451")
    assert office.forgot(email).status_code == 202
    office.work()
    changed = person.post("/auth/password", json={"password": "correct horse battery", "new_password": ANOTHER})
    assert changed.status_code == 200
    office.work(again=True)
    assert office.letters("reset")[-1]["state"] == "withdrawn"
    assert "Your password" in str(office.mails(email)[-1]["subject"])


def test_one_that_failed_at_its_dot_leaves_no_good_token(office: Office, sink: Sink) -> None:
    """Each try has a token of its own: that of a try the server refused for now ends with the next."""
    email = office.register()
    sink.next("data_451")
    assert office.forgot(email).status_code == 202
    office.work()
    first = office.served.sql("SELECT digest FROM mail_tokens WHERE purpose = 'reset' AND address = $1", email)
    office.work(again=True)
    second = office.served.sql("SELECT digest FROM mail_tokens WHERE purpose = 'reset' AND address = $1", email)
    assert len(first) == len(second) == 1 and first != second
    refused(office.reset("est_mail_" + "1" * 43), "MAIL_TOKEN_NOT_GOOD")
    assert office.reset(office.token(email)).status_code == 204
