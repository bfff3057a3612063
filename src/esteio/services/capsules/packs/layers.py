"""Which files of which folders a choice is made of, before anything is written into them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from esteio.services.capsules.packs.pack import LANGUAGES, SHARED, BrokenPack, Pack, pack
from esteio.services.capsules.packs.paths import demand_safe
from esteio.services.capsules.packs.technology import DATA, technologies

RENDERED = ".j2"
COPIED = ".raw"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a capsule as the packs hold it. `path` may still have `__package__` and `__slug__` in it.

    `template` is what the renderer finds it by; it is None for a file that is copied, whose bytes are `content`.
    """

    path: str
    template: str | None
    content: bytes
    executable: bool


@lru_cache(maxsize=512)
def sources(base: str, addons: frozenset[str]) -> tuple[Source, ...]:
    """The files of a base with add-ons. Where several layers have one, the last wins: shared, language, base."""
    chosen = pack(base)
    found: dict[str, Source] = {}
    for folder in _folders(chosen, addons):
        for place in sorted(place for place in folder.rglob("*") if place.is_file()):
            source = _source(chosen, folder, place)
            found[source.path] = source
    return tuple(found[path] for path in sorted(found))


def _folders(chosen: Pack, addons: frozenset[str]) -> Iterator[Path]:
    """In each layer its base, then its add-ons; what is there for several at once (`docker+redis`) comes last."""
    roots = (SHARED, LANGUAGES / chosen.language, chosen.folder)
    for root in filter(Path.is_dir, roots):
        yield root / "base"
        overlays = [(name.split("+"), name) for name in _overlays(root)]
        for parts, name in sorted(overlays, key=lambda overlay: (len(overlay[0]), overlay[1])):
            if set(parts) <= addons:
                yield root / name


@lru_cache(maxsize=64)
def _overlays(root: Path) -> tuple[str, ...]:
    known = {name for name, technology in technologies().items() if technology.addon}
    folders = [place.name for place in root.iterdir() if place.is_dir() and place.name not in ("base", "partials")]
    for name in folders:
        if not set(name.split("+")) <= known:
            raise BrokenPack(f"{root.name}/{name} is no folder of add-ons")
    return tuple(sorted(folders))


def _source(chosen: Pack, folder: Path, place: Path) -> Source:
    name = place.relative_to(folder).as_posix()
    path, dot, suffix = name.rpartition(".")
    if not dot or f".{suffix}" not in (RENDERED, COPIED):
        raise BrokenPack(f"{place.relative_to(DATA)} ends neither with {RENDERED} nor with {COPIED}")
    demand_safe(path)
    executable = path in chosen.executable
    if f".{suffix}" == COPIED:
        return Source(path, None, place.read_bytes(), executable)
    return Source(path, place.relative_to(DATA).as_posix(), b"", executable)
