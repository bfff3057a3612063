"""The words of the house in the book, by language."""

from collections.abc import Mapping
from typing import Final

from esteio.services.petstory.schemas import Language, Style

WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "pt-BR": {
        "kind": "Um livro para colorir, recortar e guardar",
        "who": "Quem é",
        "name": "Nome",
        "species": "Espécie",
        "breed": "Raça",
        "born": "Nascimento",
        "quoted": "Nas palavras da família",
        "stickers": "Adesivos",
        "stickers_how": "Imprima em papel adesivo e recorte nas linhas tracejadas.",
        "tribute": "Uma página só para",
        "tribute_how": "Aponte a câmera do celular para o código ou digite o endereço abaixo.",
        "made": "Feito com carinho em",
        "order": "Pedido",
        "art": "Arte",
        "nameless": "Meu bichinho",
    },
    "en": {
        "kind": "A book to colour, cut out and keep",
        "who": "Meet",
        "name": "Name",
        "species": "Species",
        "breed": "Breed",
        "born": "Born",
        "quoted": "In the family's words",
        "stickers": "Stickers",
        "stickers_how": "Print on sticker paper and cut along the dashed lines.",
        "tribute": "A page just for",
        "tribute_how": "Point your phone's camera at the code, or type the address below.",
        "made": "Made with care on",
        "order": "Order",
        "art": "Art",
        "nameless": "My pet",
    },
    "es": {
        "kind": "Un libro para colorear, recortar y guardar",
        "who": "Te presento a",
        "name": "Nombre",
        "species": "Especie",
        "breed": "Raza",
        "born": "Nacimiento",
        "quoted": "En palabras de su familia",
        "stickers": "Pegatinas",
        "stickers_how": "Imprime en papel adhesivo y recorta por las líneas discontinuas.",
        "tribute": "Una página solo para",
        "tribute_how": "Apunta la cámara del teléfono al código o escribe la dirección de abajo.",
        "made": "Hecho con cariño el",
        "order": "Pedido",
        "art": "Arte",
        "nameless": "Mi mascota",
    },
}

STYLE_WORDS: Final[Mapping[Language, Mapping[Style, str]]] = {
    "pt-BR": {"line": "Para colorir", "watercolour": "Aquarela", "cartoon": "Desenho animado"},
    "en": {"line": "To colour in", "watercolour": "Watercolour", "cartoon": "Cartoon"},
    "es": {"line": "Para colorear", "watercolour": "Acuarela", "cartoon": "Dibujo animado"},
}
