"""Where domain code goes in a project."""

from esteio.services.capsules.contents import TreeFile
from esteio.services.capsules.domain.answer import Written
from esteio.services.capsules.packs import filters
from esteio.services.capsules.packs.pack import pack
from esteio.services.capsules.packs.paths import demand_apart, demand_safe
from esteio.services.capsules.packs.wish import Wish

NAME = "domain"
"""Of the module, in every project."""

PAGE = "DOMAIN.md"


def has_place(wish: Wish) -> bool:
    """Whether code can be tried here before it is taken: Python is all that can."""
    return pack(wish.choice.base).language == "python"


def placed(wish: Wish, written: Written, template: list[TreeFile]) -> list[TreeFile]:
    """The files of the template with those of the model."""
    domain = pack(wish.choice.base).domain
    run = domain.run.replace("{name}", NAME)
    texts = {
        _path(domain.module, wish): written.module,
        _path(domain.tests, wish): written.tests,
        PAGE: _page(wish, written, _path(domain.module, wish), run),
    }
    files = [*template, *(TreeFile(path, text.encode(), origin="model") for path, text in texts.items())]
    for path in texts:
        demand_safe(path)
    demand_apart(file.path for file in files)
    return files


def _path(pattern: str, wish: Wish) -> str:
    return pattern.replace("{name}", NAME).replace("__package__", wish.package)


def _page(wish: Wish, written: Written, module: str, run: str) -> str:
    said = filters.markdown(written.summary or wish.summary)
    return (
        f"# Domain\n\n{said}\n\n"
        f"`{module}` and its tests were written by a language model from the project's description. The tests passed "
        f"when they were written; whether they test what matters is for you to see.\n\n"
        f"```console\n{run}\n```\n"
    )
