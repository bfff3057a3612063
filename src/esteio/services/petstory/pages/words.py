"""What the pages say, by language, beside what each state means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from esteio.services.petstory.schemas import Language, Style


@dataclass(frozen=True, slots=True)
class Words:
    """`{}` stands where a value goes, which is put in once, as text; `decimal` is the mark of numbers."""

    decimal: str
    book_of: str
    nameless: str
    number: str
    pay: str
    pay_otherwise: str
    download: str
    kept_until: str
    tribute: str
    progress: str
    preview: str
    picture: str
    reason: str
    preview_again: str
    species: str
    breed: str
    born: str
    missing: str
    missing_why: str
    shop: str
    shop_what: str
    shop_price: str
    shop_script: str
    styles: Mapping[Style, str]


WORDS: Final[Mapping[Language, Words]] = {
    "pt-BR": Words(
        decimal=",",
        book_of="O livro de {}",
        nameless="Meu bichinho",
        number="Pedido {}",
        pay="Pagar {} no Mercado Pago",
        pay_otherwise="Não concluiu o pagamento? Volte ao Mercado Pago",
        download="Baixar o livro (PDF)",
        kept_until="O livro fica guardado até {}.",
        tribute="Abrir a página de homenagem",
        progress="{} de {} desenhos prontos",
        preview="Prévia de {}: {}",
        picture="{}: {}",
        reason="Motivo: {}",
        preview_again="O problema é nosso, não da sua foto. Peça a prévia de novo daqui a pouco.",
        species="Espécie",
        breed="Raça",
        born="Nascimento",
        missing="Esta página não existe",
        missing_why="O endereço está incompleto, ou o que ele mostrava não está mais aqui.",
        shop="PetStory: o livro do seu bichinho",
        shop_what=(
            "Envie fotos do seu bichinho. Elas viram desenhos para colorir, uma história e adesivos, em um "
            "livro em PDF para guardar e imprimir."
        ),
        shop_price="Um livro custa {}. Você vê a prévia antes de pagar.",
        shop_script=(
            "Para fazer um pedido, ligue o JavaScript do navegador. Pedidos já feitos podem ser acompanhados "
            "sem ele, pelo endereço que está no e-mail."
        ),
        styles={"line": "Para colorir", "watercolour": "Aquarela", "cartoon": "Desenho animado"},
    ),
    "en": Words(
        decimal=".",
        book_of="The book of {}",
        nameless="My pet",
        number="Order {}",
        pay="Pay {} at Mercado Pago",
        pay_otherwise="Did not finish paying? Go back to Mercado Pago",
        download="Download the book (PDF)",
        kept_until="The book is kept until {}.",
        tribute="Open the tribute page",
        progress="{} of {} pictures are drawn",
        preview="Preview of {}: {}",
        picture="{}: {}",
        reason="Reason: {}",
        preview_again="The trouble is ours, not your photo's. Ask for the preview again in a while.",
        species="Species",
        breed="Breed",
        born="Born",
        missing="This page is not there",
        missing_why="The address is incomplete, or what it showed is not here any more.",
        shop="PetStory: the book of your pet",
        shop_what=(
            "Send photos of your pet. They become pictures to colour in, a story and stickers, in a PDF book to "
            "keep and to print."
        ),
        shop_price="A book costs {}. You see a preview before you pay.",
        shop_script=(
            "To order, turn on JavaScript in your browser. Orders can be followed without it, by the address in "
            "the mail."
        ),
        styles={"line": "To colour in", "watercolour": "Watercolour", "cartoon": "Cartoon"},
    ),
    "es": Words(
        decimal=",",
        book_of="El libro de {}",
        nameless="Mi mascota",
        number="Pedido {}",
        pay="Pagar {} en Mercado Pago",
        pay_otherwise="¿No terminaste de pagar? Vuelve a Mercado Pago",
        download="Descargar el libro (PDF)",
        kept_until="El libro se guarda hasta el {}.",
        tribute="Abrir la página de homenaje",
        progress="{} de {} dibujos listos",
        preview="Vista previa de {}: {}",
        picture="{}: {}",
        reason="Motivo: {}",
        preview_again="El problema es nuestro, no de tu foto. Pide la vista previa otra vez en un rato.",
        species="Especie",
        breed="Raza",
        born="Nacimiento",
        missing="Esta página no existe",
        missing_why="La dirección está incompleta, o lo que mostraba ya no está aquí.",
        shop="PetStory: el libro de tu mascota",
        shop_what=(
            "Envía fotos de tu mascota. Se convierten en dibujos para colorear, una historia y pegatinas, en un "
            "libro en PDF para guardar e imprimir."
        ),
        shop_price="Un libro cuesta {}. Ves una vista previa antes de pagar.",
        shop_script=(
            "Para hacer un pedido, activa JavaScript en el navegador. Los pedidos ya hechos se pueden seguir "
            "sin él, con la dirección que está en el correo."
        ),
        styles={"line": "Para colorear", "watercolour": "Acuarela", "cartoon": "Dibujo animado"},
    ),
}


def language_of(accepted: str) -> Language:
    """The one of ours that Accept-Language names first; Portuguese where it names none."""
    for part in accepted.lower().split(","):
        match part.strip().partition(";")[0].partition("-")[0]:
            case "pt":
                return "pt-BR"
            case "en":
                return "en"
            case "es":
                return "es"
    return "pt-BR"
