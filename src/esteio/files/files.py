"""What a process needs for files, as one of its resources."""

from collections import Counter
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

_RETRY_AFTER = 10


class Files:
    """The object store, the links to what is in it, the room that is left, and who decodes pictures."""

    def __init__(self, settings: FilesSettings, keyring: Keyring, clock: Clock) -> None:
        self.settings = settings
        self.store = Store(settings)
        self.links = Links(keyring, clock, settings.link_seconds)
        self.space = Space(settings, clock)
        self.decoders = Decoders(settings)
        self._downloads = 0
        self._uploads: Counter[str] = Counter()

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

    @contextmanager
    def uploading(self, address: str) -> Iterator[None]:
        """A place among the uploads of this process, of which one address has a quarter at most.

        Who sends slowly holds it for long: so neither all places nor the disk of temporary files are ever one's.
        Raises `Unavailable` when there is none.
        """
        most = self.settings.max_uploads
        if self._uploads.total() >= most or self._uploads[address] >= most // 4:
            raise Unavailable("There are too many uploads at the moment.", retry_after=_RETRY_AFTER)
        self._uploads[address] += 1
        try:
            yield
        finally:
            self._uploads[address] -= 1
            self._uploads += Counter()  # who has none left is forgotten
