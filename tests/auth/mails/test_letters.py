"""What letters say: in whose language, where they lead, and that names are data in them."""

import re
from datetime import timedelta
from html import unescape
from typing import get_args
from uuid import UUID, uuid4

import pytest

from esteio.auth.letters.about import Said, Told
from esteio.auth.letters.asking import ask
from esteio.auth.letters.kinds import Language, LetterKind
from esteio.auth.letters.language import language_of
from esteio.auth.letters.writing import written
from esteio.auth.tables import Invitation
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.mail.letter import Letter
from tests.auth.mails.post import FROM, Office, body, somebody, token_of

HOSTILE = 'Acme <script>alert(1)</script> & "Füß" {house} %s\r\nBcc: x@example.org'
EVERY: tuple[Said, ...] = (*get_args(LetterKind), "known")


def letter(said: Said, language: Language, organization: str = "Acme") -> Letter:
    token = "est_mail_" + "0" * 43
    told = Told(uuid4(), said, "ana@example.org", uuid4(), "reset", 1, organization)
    link = f"https://app.example.org/#token={token}"
    return written(told, language, house="Esteio", token=token, link=link, life=timedelta(minutes=60), attempt=1)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("en-GB,pt;q=0.5", "en"),
        ("en;q=0.3, PT-pt;q=0.4", "pt-BR"),
        ("de, fr;q=0.5", "en"),
        ("de, pt;q=0.1", "pt-BR"),
        ("pt;q=0", "en"),
        ("pt;q=x, *;q=0.5", "en"),
        ("pt;level=1", "en"),
        (",;,=;q=", "en"),
    ],
)
def test_the_language_is_that_of_who_asks(accepted: str, language: str) -> None:
    """Accept-Language is read with its weights; English where it names none of ours."""
    assert language_of(accepted) == language


@pytest.mark.parametrize("said", EVERY)
def test_every_letter_is_written_in_every_language(said: Said) -> None:
    """Both parts say the same words, nothing is left to be put in, and no two languages say the same."""
    made = [letter(said, language) for language in get_args(Language)]
    for one in made:
        assert "{" not in one.subject + one.text + one.html
        paragraphs = re.sub(r"\s+", " ", unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", one.html)))
        for paragraph in one.text.removesuffix("-- \nEsteio\n").split("\n"):
            assert paragraph in paragraphs
    assert len({one.subject for one in made}) == len({one.text for one in made}) == 2


def test_names_are_data() -> None:
    """An organisation's name is no markup, no template and no header, whatever it holds."""
    made = letter("invitation", "en", HOSTILE)
    assert "<script" not in made.html and "&lt;script&gt;" in made.html
    assert "{house}" in made.text and "\n" not in made.subject and "\r" not in made.subject


@pytest.mark.parametrize(("language", "subject"), [("pt-BR, en;q=0.5", "Uma nova senha"), ("en", "A new password")])
def test_a_reset_as_it_arrives(office: Office, language: str, subject: str) -> None:
    """Text and HTML in the language of the request; the link has the token in its fragment and the text has it too."""
    email = office.register()
    assert office.forgot(email, accept_language=language).status_code == 202
    office.work()
    mail = office.mails(email)[-1]
    token = token_of(mail)
    assert str(mail["subject"]).startswith(subject) and FROM in str(mail["from"])
    assert mail["content-language"] == language.partition(",")[0]
    for kind in ("plain", "html"):
        said = unescape(body(mail, kind))
        assert f"https://api.example.org/console/account/reset#token={token}" in said
        assert said.count(token) > 1
    assert {"pt-BR": "1 hora", "en": "1 hour"}[str(mail["content-language"])] in body(mail)


def test_an_invitation_as_it_arrives(office: Office) -> None:
    """It names the organisation and holds a token that is good for the invitation; withdrawn ones are not sent."""
    sent, withdrawn = somebody(), somebody()
    invitation = _invited(office, sent, "open")
    _invited(office, withdrawn, "withdrawn")
    office.work()
    assert office.mails(withdrawn) == []
    mail = office.mails(sent)[-1]
    assert "Default" in str(mail["subject"])
    token = token_of(mail)
    assert f"https://api.example.org/console/account/invitation#token={token}" in body(mail)
    shown = office.served.run(lambda: office.served.app.auth.mail_tokens.shown(token, "invitation"))
    assert (shown.subject, shown.tenant, shown.address) == (invitation, DEFAULT_TENANT, sent)
    assert shown.expires_at == office.clock.now() + timedelta(days=7)


def _invited(office: Office, email: str, state: str) -> UUID:
    auth, invitation = office.served.app.auth, new_id()

    async def invite() -> None:
        now = auth.clock.now()
        async with transaction(auth.database, DEFAULT_TENANT) as session:
            session.add(
                Invitation(
                    id=invitation,
                    tenant_id=DEFAULT_TENANT,
                    email=email,
                    roles=["user"],
                    invited_by="user:test",
                    state=state,
                    expires_at=now + timedelta(days=7),
                )
            )
            await session.flush()
            await ask(
                session,
                "invitation",
                tenant=DEFAULT_TENANT,
                subject=invitation,
                language="en",
                principal="user:test",
                now=now,
            )

    office.served.run(invite)
    return invitation


def test_letters_are_forgotten(office: Office) -> None:
    """What became of a letter is kept for thirty days, and then deleted in passing."""
    office.register()
    (first, *_) = office.letters("verification")
    office.clock.turn(30 * 86_400 + 1)
    for _ in range(4):
        office.register()
    assert first["id"] not in [row["id"] for row in office.letters("verification")]
