"""The house's own sentences, by language. `{name}` is the pet's; no sentence says of it what nobody told.

None of them needs to know whether the pet is a he or a she.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from esteio.services.petstory.schemas import Language, Style


@dataclass(frozen=True, slots=True)
class Sentences:
    """Of one language. `styles` stand under pictures of that style, `any_style` under any."""

    title: str
    opening: str
    about: str
    born: str
    telling: str
    untold: str
    one_picture: str
    pictures: str
    marks: tuple[str, str]
    styles: Mapping[Style, tuple[str, ...]]
    any_style: tuple[str, ...]


SENTENCES: Final[Mapping[Language, Sentences]] = {
    "pt-BR": Sentences(
        title="A história de {name}",
        opening="Este livro existe por causa de {name}. Ele guarda imagens, palavras e um lugar para as suas cores.",
        about="Um pouco sobre {name}: {facts}.",
        born="A história começa em {born}, o dia do nascimento.",
        telling="Quem convive com {name} conta assim:",
        untold="As melhores histórias de {name} moram na memória de quem convive todos os dias. Enquanto as páginas "
        "viram, conte uma delas em voz alta: é assim que um livro fica completo.",
        one_picture="Na próxima página, {name} espera por você. Escolha um cantinho tranquilo, pegue os lápis de cor e "
        "comece por onde quiser.",
        pictures="Nas próximas páginas, {name} aparece {count} vezes, e nenhuma é igual à outra. Escolha um cantinho "
        "tranquilo, pegue os lápis de cor e comece por onde quiser.",
        marks=("“", "”"),
        styles={
            "line": (
                "De que cor é o dia de {name}? Quem decide é você.",
                "O contorno está pronto. As cores de {name} ficam por sua conta.",
                "Comece pelos olhos de {name} e vá descobrindo o resto.",
                "Cada traço espera por um lápis, e {name} tem paciência.",
                "Pinte {name} com as cores da lembrança, ou com as da imaginação.",
                "Aqui cabem todas as cores da caixa, e {name} também.",
            ),
            "watercolour": (
                "{name} em aquarela: tinta, água e carinho.",
                "As cores se misturam devagar, e {name} aparece.",
                "Um pouco de água, um pouco de cor e {name} no meio de tudo.",
                "Há lembranças que têm esta luz. {name} está nelas.",
                "Se esta página tivesse som, seria o de {name} por perto.",
                "Pinceladas leves para um olhar que a gente conhece: {name}.",
            ),
            "cartoon": (
                "Luzes, papel, ação: {name} no papel principal!",
                "{name} entrou no desenho animado e ficou à vontade.",
                "Se {name} tivesse um programa de desenhos, começaria assim.",
                "Neste quadrinho só falta o balão. O que {name} diria?",
                "Invente um nome para este episódio com {name}.",
                "Personagem principal desta página: {name}.",
            ),
        },
        any_style=(
            "Uma imagem de {name} para guardar por muito tempo.",
            "Toda página com {name} é uma boa página.",
            "Para quem sente saudade e para quem está por perto: {name}.",
            "Olhe com calma: sempre há um detalhe novo de {name}.",
            "Esta página fica ainda melhor vista a dois: você e {name}.",
            "Um instante com {name}, guardado no papel.",
            "Escreva no verso o que esta imagem de {name} faz lembrar.",
            "Mostre esta página a quem também gosta de {name}.",
            "De todos os jeitos de olhar para {name}, este é um dos bons.",
            "Uma pausa no dia para olhar {name} de perto.",
            "O tempo passa depressa. Aqui, {name} fica.",
            "E mais uma vez, para alegria de quem folheia: {name}.",
        ),
    ),
    "en": Sentences(
        title="The story of {name}",
        opening="This book is here because of {name}. It keeps pictures, words and room for your colours.",
        about="A little about {name}: {facts}.",
        born="The story begins on {born}, the day of birth.",
        telling="Those who share their days with {name} tell it like this:",
        untold="The best stories about {name} live in the memory of those who share their days together. As the pages "
        "turn, tell one of them aloud: that is how a book becomes complete.",
        one_picture="On the next page {name} is waiting for you. Find a quiet corner, take your pencils and begin "
        "wherever you like.",
        pictures="On the next pages {name} appears {count} times, never twice the same. Find a quiet corner, take your "
        "pencils and begin wherever you like.",
        marks=("“", "”"),
        styles={
            "line": (
                "What colour is a day with {name}? You decide.",
                "The outline is ready. The colours of {name} are up to you.",
                "Begin with the eyes of {name} and discover the rest.",
                "Every line is waiting for a pencil, and {name} has time.",
                "Give {name} the colours of a memory, or those of a dream.",
                "There is room here for every colour in the box, and for {name}.",
            ),
            "watercolour": (
                "{name} in watercolour: paint, water and love.",
                "Slowly the colours run together, and there is {name}.",
                "A little water, a little colour, and {name} in the middle of it.",
                "Some memories have just this light. {name} is in them.",
                "If this page had a sound, it would be {name} close by.",
                "Light strokes for a face we know well: {name}.",
            ),
            "cartoon": (
                "Lights, paper, action: {name} in the leading part!",
                "{name} stepped into a cartoon and felt at home.",
                "If {name} had a show, this is how it would begin.",
                "All this panel needs is a speech bubble. What would {name} say?",
                "Make up a title for this episode with {name}.",
                "The star of this page: {name}.",
            ),
        },
        any_style=(
            "A picture of {name} to keep for a long time.",
            "Every page with {name} is a good page.",
            "For those who miss and those who are near: {name}.",
            "Look slowly: there is always something new about {name}.",
            "This page is best looked at by two: you and {name}.",
            "A moment with {name}, kept on paper.",
            "Write on the back what this picture of {name} brings to mind.",
            "Show this page to somebody else who is fond of {name}.",
            "Of all the ways to look at {name}, this is one of the good ones.",
            "A pause in the day, for a close look at {name}.",
            "Time runs fast. Here, {name} stays.",
            "And once more, to the joy of whoever turns the pages: {name}.",
        ),
    ),
    "es": Sentences(
        title="La historia de {name}",
        opening="Este libro existe gracias a {name}. Guarda imágenes, palabras y un lugar para tus colores.",
        about="Un poco sobre {name}: {facts}.",
        born="La historia comienza el {born}, el día del nacimiento.",
        telling="Quienes viven con {name} lo cuentan así:",
        untold="Las mejores historias de {name} viven en la memoria de quienes comparten sus días. Al pasar las "
        "páginas, cuenta una de ellas en voz alta: así es como un libro se completa.",
        one_picture="En la página siguiente te espera {name}. Busca un rincón tranquilo, toma tus lápices y empieza "
        "por donde quieras.",
        pictures="En las páginas siguientes {name} aparece {count} veces, y ninguna es igual a otra. Busca un rincón "
        "tranquilo, toma tus lápices y empieza por donde quieras.",
        marks=("«", "»"),
        styles={
            "line": (
                "¿De qué color es un día con {name}? Tú decides.",
                "El contorno ya está. Los colores de {name} corren por tu cuenta.",
                "Empieza por los ojos de {name} y descubre lo demás.",
                "Cada trazo espera un lápiz, y {name} tiene paciencia.",
                "Pinta a {name} con los colores del recuerdo, o con los de la imaginación.",
                "Aquí caben todos los colores de la caja, y {name} también.",
            ),
            "watercolour": (
                "{name} en acuarela: pintura, agua y cariño.",
                "Los colores se mezclan despacio, y aparece {name}.",
                "Un poco de agua, un poco de color y {name} en medio de todo.",
                "Hay recuerdos que tienen esta luz. {name} está en ellos.",
                "Si esta página tuviera sonido, sería el de {name} muy cerca.",
                "Pinceladas ligeras para una mirada que conocemos bien: {name}.",
            ),
            "cartoon": (
                "Luces, papel, acción: ¡{name} en el papel principal!",
                "{name} entró en un dibujo animado y se sintió en casa.",
                "Si {name} tuviera un programa de dibujos, empezaría así.",
                "A esta viñeta solo le falta el globo. ¿Qué diría {name}?",
                "Inventa un título para este episodio con {name}.",
                "La estrella de esta página: {name}.",
            ),
        },
        any_style=(
            "Una imagen de {name} para guardar mucho tiempo.",
            "Toda página con {name} es una buena página.",
            "Para quien echa de menos y para quien está cerca: {name}.",
            "Mira con calma: siempre hay un detalle nuevo de {name}.",
            "Esta página se ve mejor entre dos: {name} y tú.",
            "Un instante con {name}, guardado en papel.",
            "Escribe al dorso lo que te recuerda esta imagen de {name}.",
            "Enseña esta página a quien también quiere a {name}.",
            "De todas las maneras de mirar a {name}, esta es de las buenas.",
            "Una pausa en el día para mirar de cerca a {name}.",
            "El tiempo corre. Aquí, {name} se queda.",
            "Y una vez más, para alegría de quien pasa las páginas: {name}.",
        ),
    ),
}
