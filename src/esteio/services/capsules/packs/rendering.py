"""Writing a wish into the files of its pack. The same wish gives the same bytes, wherever and whenever."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from esteio.services.capsules.packs.filters import FILTERS
from esteio.services.capsules.packs.layers import Source, sources
from esteio.services.capsules.packs.pack import BrokenPack, pack
from esteio.services.capsules.packs.paths import demand_apart, demand_safe
from esteio.services.capsules.packs.technology import DATA, technologies
from esteio.services.capsules.packs.wish import Wish
from esteio.services.capsules.packs.words import Words

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file of a capsule, by its path from the project's root."""

    path: str
    content: bytes
    executable: bool = False


def generate(wish: Wish) -> list[GeneratedFile]:
    """The project's files, by path. Computes for some milliseconds; may be called from any thread.

    Raises `BrokenPack` where a template of ours fails, whatever was wished for.
    """
    said = _context(wish)
    files = [_written(source, wish, said) for source in sources(wish.choice.base, wish.choice.addons)]
    demand_apart(file.path for file in files)
    return sorted(files, key=lambda file: file.path)


def _written(source: Source, wish: Wish, said: Mapping[str, Any]) -> GeneratedFile:
    path = source.path.replace("__package__", wish.package).replace("__slug__", wish.slug)
    demand_safe(path)
    content = source.content if source.template is None else _rendered(source.template, said)
    return GeneratedFile(path, content, source.executable)


def _rendered(template: str, said: Mapping[str, Any]) -> bytes:
    try:
        text: str = _environment().get_template(template).render(said)
    except Exception as error:
        raise BrokenPack(f"{template}: {error}") from error
    return text.encode()


def _context(wish: Wish) -> dict[str, Any]:
    """What templates know. Whatever a person wrote is `Words`; the rest holds letters, digits and `-._` only."""
    chosen = pack(wish.choice.base)
    addons = {name for name, technology in technologies().items() if technology.addon}
    return {
        "title": Words(wish.title),
        "summary": Words(wish.summary),
        "description": Words(wish.text),
        "requirements": [Words(point) for point in wish.points(wish.requirements)],
        "constraints": [Words(point) for point in wish.points(wish.constraints)],
        "slug": wish.slug,
        "package": wish.package,
        "pack": chosen,
        "versions": {name.replace("-", "_"): version for name, version in wish.choice.versions},
        **{name.replace("-", "_"): name in wish.choice.addons for name in addons},
    }


def _final(value: Any) -> Any:
    """Nothing that has no text of its own gets into a file unseen."""
    if value is None or isinstance(value, Words):
        raise BrokenPack("a person's words, or nothing at all, are written without a filter")
    return value


@lru_cache(maxsize=1)
def _environment() -> "ImmutableSandboxedEnvironment":
    # Imported here: the process that answers requests imports this module, and renders only where it is asked to.
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(DATA),
        undefined=StrictUndefined,
        finalize=_final,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.filters.update(FILTERS)
    del environment.filters["random"], environment.globals["lipsum"]
    return environment
