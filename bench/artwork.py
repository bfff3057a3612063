"""`python -m bench.artwork FOLDER PHOTO …`: draws and sets one order as a worker's jobs do; prints JSON."""

import asyncio
import json
import os
import resource
import sys
import time
from datetime import date
from pathlib import Path

from bench import memory
from esteio.services.petstory.art.local import LocalArtist
from esteio.services.petstory.book.content import BookContent, Picture
from esteio.services.petstory.book.making import make_book
from esteio.services.petstory.book.pictures import fitted, share
from esteio.services.petstory.schemas import STYLES
from esteio.services.petstory.story.asked import Story

WITHIN = 120.0
STORY = Story("Rex", ("Rex runs before the sun is up.", "He knows each tree of the street."), ())


async def main(folder: Path, photos: list[Path]) -> dict[str, float]:
    idle = memory.resident(os.getpid())
    began = time.monotonic()
    arts = await _drawn(folder, photos)
    drawn = time.monotonic()
    await make_book(_content(arts), folder, within=WITHIN)
    ended = time.monotonic()
    own, child = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(one.ru_utime + one.ru_stime for one in (own, child))
    return {"art": drawn - began, "book": ended - drawn, "cpu": cpu, "idle": idle, "peak": own.ru_maxrss * 1024}


async def _drawn(folder: Path, photos: list[Path]) -> list[Picture]:
    artist, arts = LocalArtist(), []
    most = share(len(photos) * len(STYLES))
    for photo in photos:
        for style in STYLES:
            made = await artist.draw(photo.read_bytes(), style)
            path = folder / f"{photo.stem}-{style}.jpg"
            path.write_bytes(await asyncio.to_thread(fitted, made.image, within=most))
            arts.append(Picture(path, style, "A day in the garden."))
    return arts


def _content(arts: list[Picture]) -> BookContent:
    return BookContent(
        pet_name="Rex",
        species="dog",
        breed=None,
        born=None,
        owner_words="He is the best.",
        story=STORY,
        language="en",
        cover=arts[1].path,
        arts=tuple(arts),
        stickers=tuple(art.path for art in arts),
        tribute_url="https://example.org/t/bench",
        made_on=date(2026, 1, 1),
        order_number="bench",
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]))))
