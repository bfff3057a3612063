"""Reads a page as a browser would: its elements, what it links, what it would run or style by itself."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Page(HTMLParser):
    """What stands in a page. `text` is what a reader sees, `inline` every script and style that is not a file."""

    source: str
    tags: set[str] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    inline: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        self.close()

    def __hash__(self) -> int:
        return id(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.tags.add(tag)
        self.ids += [said["id"]] if said.get("id") else []
        self.inline += [f"{tag} {name}" for name in said if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not said.get("src")):
            self.inline.append(tag)
        for name in ("src", "href"):
            if said.get(name) is not None:
                (self.links if tag == "a" else self.files).add(said[name] or "")

    def handle_data(self, data: str) -> None:
        self.text += data
