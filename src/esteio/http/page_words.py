"""What pages for errors say, in English and Portuguese: what happened, and what to do now."""

from dataclasses import dataclass
from typing import Literal

Tongue = Literal["en", "pt-BR"]


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """`title` and `happened` are of the kind of error; in English they are the error's own where these are empty."""

    advice: str
    title: str = ""
    happened: str = ""


@dataclass(frozen=True, slots=True)
class FrameWords:
    """What stands around an error. `{}` takes the seconds, or the request's id."""

    wait: str
    wait_one: str
    again: str
    sign_in: str
    start: str
    request: str
    skip: str


FRAMES: dict[Tongue, FrameWords] = {
    "en": FrameWords(
        wait="Please try again in {} seconds.",
        wait_one="Please try again in 1 second.",
        again="Try again",
        sign_in="Sign in",
        start="To the start",
        request="Request {}. Support finds by it what happened.",
        skip="Skip to the content",
    ),
    "pt-BR": FrameWords(
        wait="Tente de novo em {} segundos.",
        wait_one="Tente de novo em 1 segundo.",
        again="Tentar de novo",
        sign_in="Entrar",
        start="Para o início",
        request="Requisição {}. Com ela o suporte encontra o que aconteceu.",
        skip="Ir para o conteúdo",
    ),
}

ENGLISH: dict[int, ErrorWords] = {
    400: ErrorWords("Check the address, or go back and begin again."),
    401: ErrorWords("Sign in, then open this address again."),
    403: ErrorWords("Sign in as somebody who may see it, or ask an administrator for the permission."),
    404: ErrorWords("Check the address for a slip, or begin at the start."),
    405: ErrorWords("Go back, and use what the page before this one offers."),
    409: ErrorWords("Go back and load that page anew: somebody may have changed it meanwhile."),
    410: ErrorWords("Begin at the start: what was here has another place, or none."),
    413: ErrorWords("Go back and choose something smaller."),
    415: ErrorWords("Go back and choose a file of a kind that is named there."),
    421: ErrorWords("Check the name of the host in the address."),
    422: ErrorWords("Check what stands behind the question mark in the address, or go back and correct it."),
    429: ErrorWords("Nothing is wrong with what you asked for; it is only too much at once."),
    500: ErrorWords("It is not your doing and was noted. Try again; if it stays, tell support the request below."),
    503: ErrorWords("It comes back by itself; nothing that you had saved is lost."),
    504: ErrorWords("Look whether it was done before you do it again."),
}

PORTUGUESE: dict[int, ErrorWords] = {
    400: ErrorWords(
        "Confira o endereço, ou volte e comece de novo.",
        "O pedido não pode ser entendido",
        "O que o navegador enviou está malformado.",
    ),
    401: ErrorWords(
        "Entre, e abra este endereço de novo.",
        "É preciso entrar",
        "Esta página é para quem entrou, e não se sabe quem você é.",
    ),
    403: ErrorWords(
        "Entre como alguém que pode ver isto, ou peça a permissão a um administrador.",
        "Isto não é permitido",
        "A você falta a permissão para isto.",
    ),
    404: ErrorWords(
        "Confira se há um engano no endereço, ou comece pelo início.",
        "Página não encontrada",
        "Não há nada neste endereço.",
    ),
    405: ErrorWords(
        "Volte, e use o que a página anterior oferece.",
        "Isto não é possível neste endereço",
        "Este endereço não aceita o que o navegador tentou fazer.",
    ),
    409: ErrorWords(
        "Volte e carregue aquela página de novo: alguém pode tê-la mudado enquanto isso.",
        "Isto não é possível agora",
        "O estado em que está não permite isto.",
    ),
    410: ErrorWords(
        "Comece pelo início: o que havia aqui está em outro lugar, ou em nenhum.",
        "Isto não existe mais",
        "O que havia neste endereço foi retirado.",
    ),
    413: ErrorWords(
        "Volte e escolha algo menor.",
        "É grande demais",
        "O que foi enviado é maior do que este endereço aceita.",
    ),
    415: ErrorWords(
        "Volte e escolha um arquivo de um dos tipos que são citados lá.",
        "Este tipo de arquivo não é aceito",
        "O que foi enviado é de um tipo que este endereço não aceita.",
    ),
    421: ErrorWords(
        "Confira o nome do servidor no endereço.",
        "Este servidor não é atendido aqui",
        "O nome de servidor que foi pedido não é deste lugar.",
    ),
    422: ErrorWords(
        "Confira o que está depois do ponto de interrogação no endereço, ou volte e corrija.",
        "Algo do que foi pedido não é aceito",
        "Um dos valores não pode ser aceito.",
    ),
    429: ErrorWords(
        "Não há nada errado com o que você pediu; só foi muito de uma vez.",
        "Pedidos demais",
        "Foram feitos mais pedidos em pouco tempo do que é permitido.",
    ),
    500: ErrorWords(
        "Não é culpa sua e ficou registrado. Tente de novo; se continuar, diga ao suporte a requisição abaixo.",
        "Algo falhou do nosso lado",
        "Não foi possível concluir o pedido.",
    ),
    503: ErrorWords(
        "Volta sozinho; nada do que você salvou se perdeu.",
        "Algo de que isto precisa está fora do ar",
        "Uma parte do sistema não responde neste momento.",
    ),
    504: ErrorWords(
        "Veja se foi feito antes de fazer de novo.",
        "Demorou demais",
        "A resposta não veio a tempo; não se sabe se o pedido foi concluído.",
    ),
}


def tongue_of(accepted: str) -> Tongue:
    """The one of ours that Accept-Language (RFC 9110, 12.5.4) prefers; English where it names neither."""
    best: tuple[float, Tongue] = (0.0, "en")
    for part in accepted.lower().split(",")[:20]:
        name, _, weight = part.strip().partition(";q=")
        language = name.partition("-")[0]
        if language in ("pt", "en") and _weight(weight) > best[0]:
            best = (_weight(weight), "pt-BR" if language == "pt" else "en")
    return best[1]


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
