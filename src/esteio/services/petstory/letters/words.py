"""The words of mails, by language. What is in braces is put in once, as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from esteio.services.petstory.schemas import Language


@dataclass(frozen=True, slots=True)
class MailWords:
    """One kind of mail. `said` are its paragraphs; `attached` and `linked` say how the book comes, where one does."""

    subject: str
    greeting: str
    said: tuple[str, ...]
    button: str
    attached: str = ""
    linked: str = ""


@dataclass(frozen=True, slots=True)
class Common:
    """What every mail says."""

    order: str
    tribute: str
    yours: str
    nameless: str
    photo: str
    no_photo: str
    last: str


BOOK: Final[Mapping[Language, MailWords]] = {
    "pt-BR": MailWords(
        subject="O livro de {name} está pronto",
        greeting="O livro de {name} está pronto!",
        said=("Fizemos com carinho, a partir das suas fotos e das suas palavras.",),
        button="Baixar o livro",
        attached="O livro vai anexo, em PDF. Ele também pode ser baixado por este endereço:",
        linked="O livro é grande demais para ir anexo. Baixe-o por este endereço:",
    ),
    "en": MailWords(
        subject="The book of {name} is ready",
        greeting="The book of {name} is ready!",
        said=("It was made with care, from your photos and your words.",),
        button="Download the book",
        attached="The book is attached as a PDF. You can also download it from this address:",
        linked="The book is too large to be attached. Download it from this address:",
    ),
    "es": MailWords(
        subject="El libro de {name} está listo",
        greeting="¡El libro de {name} está listo!",
        said=("Lo hicimos con cariño, a partir de tus fotos y tus palabras.",),
        button="Descargar el libro",
        attached="El libro va adjunto en PDF. También puedes descargarlo desde esta dirección:",
        linked="El libro es demasiado grande para ir adjunto. Descárgalo desde esta dirección:",
    ),
}

PHOTO_WANTED: Final[Mapping[Language, MailWords]] = {
    "pt-BR": MailWords(
        subject="Precisamos de outra foto de {name}",
        greeting="Precisamos de outra foto de {name}",
        said=(
            "Não conseguimos desenhar {photos} do seu pedido.",
            "Remova o que não deu certo e envie outra foto no lugar: o livro é feito em seguida. Nada mais é cobrado.",
        ),
        button="Abrir o pedido",
    ),
    "en": MailWords(
        subject="We need another photo of {name}",
        greeting="We need another photo of {name}",
        said=(
            "We could not draw {photos} of your order.",
            "Remove what did not work and send another photo in its place: the book is made then. "
            "Nothing more is charged.",
        ),
        button="Open the order",
    ),
    "es": MailWords(
        subject="Necesitamos otra foto de {name}",
        greeting="Necesitamos otra foto de {name}",
        said=(
            "No pudimos dibujar {photos} de tu pedido.",
            "Quita lo que no funcionó y envía otra foto en su lugar: después se hace el libro. No se cobra nada más.",
        ),
        button="Abrir el pedido",
    ),
}

REFUNDED: Final[Mapping[Language, MailWords]] = {
    "pt-BR": MailWords(
        subject="O valor do livro de {name} foi devolvido",
        greeting="O valor do livro de {name} foi devolvido",
        said=(
            "Devolvemos o que foi pago por este pedido.",
            "O Mercado Pago diz quando o valor aparece na sua conta ou na sua fatura.",
        ),
        button="Abrir o pedido",
    ),
    "en": MailWords(
        subject="The money for the book of {name} was given back",
        greeting="The money for the book of {name} was given back",
        said=(
            "We gave back what was paid for this order.",
            "Mercado Pago tells when it appears on your account or on your statement.",
        ),
        button="Open the order",
    ),
    "es": MailWords(
        subject="Se devolvió el importe del libro de {name}",
        greeting="Se devolvió el importe del libro de {name}",
        said=(
            "Devolvimos lo que se pagó por este pedido.",
            "Mercado Pago indica cuándo aparece el importe en tu cuenta o en tu resumen.",
        ),
        button="Abrir el pedido",
    ),
}

KINDS: Final[Mapping[str, Mapping[Language, MailWords]]] = {
    "book": BOOK,
    "photo_wanted": PHOTO_WANTED,
    "refunded": REFUNDED,
}

COMMON: Final[Mapping[Language, Common]] = {
    "pt-BR": Common(
        order="O seu pedido:",
        tribute="A página de homenagem, que pode ser mostrada a todos:",
        yours="Quem tem o endereço do pedido ou do livro pode abri-lo: guarde-o para você.",
        nameless="seu bichinho",
        photo="a foto {number}",
        no_photo="uma foto",
        last=" e ",
    ),
    "en": Common(
        order="Your order:",
        tribute="The tribute page, which you may show to everybody:",
        yours="Whoever has the address of the order or of the book can open it: keep it to yourself.",
        nameless="your pet",
        photo="photo {number}",
        no_photo="a photo",
        last=" and ",
    ),
    "es": Common(
        order="Tu pedido:",
        tribute="La página de homenaje, que puedes mostrar a todos:",
        yours="Quien tenga la dirección del pedido o del libro puede abrirlo: guárdala para ti.",
        nameless="tu mascota",
        photo="la foto {number}",
        no_photo="una foto",
        last=" y ",
    ),
}
