"""What a process needs for files, as one of its resources."""

from collections.abc import Iterator
from contextlib import contextmanager

from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.errors import Unavailable
from esteio.files.decoders import Decoders
from esteio.files.links import Links
from esteio.files.settings import FilesSettings
from esteio.files.space import Space
from esteio.files.store import Store


class Files:
    """The object store, the links to what is in it, the room that is left, and who decodes pictures."""

    def __init__(self, settings: FilesSettings, keyring: Keyring, clock: Clock) -> None:
        self.settings = settings
        self.store = Store(settings)
        self.links = Links(keyring, clock, settings.link_seconds)
        self.space = Space(settings, clock)
        self.decoders = Decoders(settings)
        self._downloads = 0

    @contextmanager
    def downloading(self) -> Iterator[None]:
        """A place among the downloads of this process. Raises `Unavailable` when there is none."""
        if self._downloads >= self.settings.max_downloads:
            raise Unavailable("There are too many downloads at the moment.")
        self._downloads += 1
        try:
            yield
        finally:
            self._downloads -= 1
