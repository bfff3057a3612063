"""The words of letters, by language. What is in braces is put in once, as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from esteio.auth.letters.about import Said
from esteio.auth.letters.kinds import Language


@dataclass(frozen=True, slots=True)
class LetterWords:
    """One letter. `button` and `link` lead to where its token is used; `stranger` is for who did not ask for it."""

    subject: str
    greeting: str
    said: tuple[str, ...]
    stranger: str
    button: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Common:
    """What every letter with a token says of it, and how times are written."""

    token: str
    life: str
    minutes: tuple[str, str]
    hours: tuple[str, str]
    days: tuple[str, str]


_ENGLISH: Final[Mapping[Said, LetterWords]] = {
    "reset": LetterWords(
        subject="A new password for {house}",
        greeting="Choose a new password",
        said=("Somebody, most likely you, asked for a new password for this e-mail address at {house}.",),
        button="Choose a password",
        link="This page sets it:",
        stranger="If it was not you, do nothing: your password stays as it is.",
    ),
    "verification": LetterWords(
        subject="Confirm your e-mail address for {house}",
        greeting="Confirm your e-mail address",
        said=("An account at {house} has this e-mail address. Please confirm that it is yours.",),
        button="Confirm the address",
        link="This page confirms it:",
        stranger="If you have no account there, do nothing.",
    ),
    "change": LetterWords(
        subject="Confirm your new e-mail address for {house}",
        greeting="Confirm your new e-mail address",
        said=(
            "An account at {house} is to have this e-mail address from now on. "
            "Until you confirm it, the account keeps its present one.",
        ),
        button="Confirm the address",
        link="This page confirms it:",
        stranger="If it was not you, do nothing: then nothing changes.",
    ),
    "registration": LetterWords(
        subject="Your registration at {house}",
        greeting="One step is left",
        said=("Somebody registered at {house} with this e-mail address. If it was you, just now, confirm it.",),
        button="Confirm and make the account",
        link="This page confirms it:",
        stranger="If it was not you, do nothing: then there will be no account.",
    ),
    "known": LetterWords(
        subject="Your e-mail address at {house}",
        greeting="This e-mail address has an account",
        said=(
            "Somebody wanted to use this e-mail address at {house}, where it has an account already. "
            "Nothing was changed.",
            "If it was you: log in with it. If you do not know the password any more, ask for a new one there.",
        ),
        stranger="If it was not you, do nothing.",
    ),
    "password_changed": LetterWords(
        subject="Your password at {house} was changed",
        greeting="Your password was changed",
        said=("The password of your account at {house} was changed. All its sessions were ended.",),
        stranger="If it was not you, ask for a new password at once, and tell whoever runs {house}.",
    ),
    "address_changed": LetterWords(
        subject="Your e-mail address at {house} was changed",
        greeting="Your e-mail address was changed",
        said=("Your account at {house} has another e-mail address from now on. This one is no longer used.",),
        stranger="If it was not you, tell whoever runs {house} at once.",
    ),
    "invitation": LetterWords(
        subject="An invitation to {organization}",
        greeting="You are invited to {organization}",
        said=("{organization} invites you to work with it at {house}.",),
        button="See the invitation",
        link="This page accepts it:",
        stranger="If you do not expect it, do nothing.",
    ),
}

_PORTUGUESE: Final[Mapping[Said, LetterWords]] = {
    "reset": LetterWords(
        subject="Uma nova senha para {house}",
        greeting="Escolha uma nova senha",
        said=("Alguém, provavelmente você, pediu uma nova senha para este endereço de e-mail em {house}.",),
        button="Escolher uma senha",
        link="Esta página define a senha:",
        stranger="Se não foi você, não faça nada: a sua senha continua a mesma.",
    ),
    "verification": LetterWords(
        subject="Confirme o seu e-mail em {house}",
        greeting="Confirme o seu e-mail",
        said=("Uma conta em {house} tem este endereço de e-mail. Confirme que ele é seu.",),
        button="Confirmar o endereço",
        link="Esta página confirma o endereço:",
        stranger="Se você não tem conta lá, não faça nada.",
    ),
    "change": LetterWords(
        subject="Confirme o seu novo e-mail em {house}",
        greeting="Confirme o seu novo e-mail",
        said=(
            "Uma conta em {house} passará a ter este endereço de e-mail. "
            "Até que você confirme, a conta continua com o endereço atual.",
        ),
        button="Confirmar o endereço",
        link="Esta página confirma o endereço:",
        stranger="Se não foi você, não faça nada: então nada muda.",
    ),
    "registration": LetterWords(
        subject="O seu cadastro em {house}",
        greeting="Falta um passo",
        said=("Alguém se cadastrou em {house} com este endereço de e-mail. Se foi você, agora há pouco, confirme.",),
        button="Confirmar e criar a conta",
        link="Esta página confirma o cadastro:",
        stranger="Se não foi você, não faça nada: então nenhuma conta é criada.",
    ),
    "known": LetterWords(
        subject="O seu e-mail em {house}",
        greeting="Este e-mail já tem uma conta",
        said=(
            "Alguém quis usar este endereço de e-mail em {house}, onde ele já tem uma conta. Nada foi alterado.",
            "Se foi você: entre com ele. Se não lembra mais da senha, peça uma nova lá.",
        ),
        stranger="Se não foi você, não faça nada.",
    ),
    "password_changed": LetterWords(
        subject="A sua senha em {house} foi alterada",
        greeting="A sua senha foi alterada",
        said=("A senha da sua conta em {house} foi alterada. Todas as sessões foram encerradas.",),
        stranger="Se não foi você, peça já uma nova senha e avise quem administra {house}.",
    ),
    "address_changed": LetterWords(
        subject="O seu e-mail em {house} foi alterado",
        greeting="O seu e-mail foi alterado",
        said=("A sua conta em {house} passou a ter outro endereço de e-mail. Este não é mais usado.",),
        stranger="Se não foi você, avise já quem administra {house}.",
    ),
    "invitation": LetterWords(
        subject="Um convite de {organization}",
        greeting="Você foi convidado por {organization}",
        said=("{organization} convida você a participar em {house}.",),
        button="Ver o convite",
        link="Esta página aceita o convite:",
        stranger="Se você não esperava por isso, não faça nada.",
    ),
}

WORDS: Final[Mapping[Language, Mapping[Said, LetterWords]]] = {"en": _ENGLISH, "pt-BR": _PORTUGUESE}

COMMON: Final[Mapping[Language, Common]] = {
    "en": Common(
        token="Where a token is asked for in place of the page, it is this:",  # noqa: S106 - words, not a secret
        life="It is good for {time} and for one use. Keep this mail to yourself.",
        minutes=("minute", "minutes"),
        hours=("hour", "hours"),
        days=("day", "days"),
    ),
    "pt-BR": Common(
        token="Onde se pede um código em vez da página, é este:",  # noqa: S106 - words, not a secret
        life="Vale por {time} e para um único uso. Não mostre este e-mail a ninguém.",
        minutes=("minuto", "minutos"),
        hours=("hora", "horas"),
        days=("dia", "dias"),
    ),
}
