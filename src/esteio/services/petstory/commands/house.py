"""A house as its customers reach it: over its public API, and by nothing else."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import FileIO
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from esteio.services.petstory.addresses import ORDERS, order_page_path, order_path
from esteio.services.petstory.commands.steps import LATE, REFUSED, Stopped

PATIENCE, UPLOAD_PATIENCE = 30.0, 330.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
TRIES = 5
Data = dict[str, Any]


class House:
    """One customer's way to a house; every call raises `Stopped` with the house's own words."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # What the environment says of proxies is for other machines.
        self._client = httpx.Client(base_url=self._url, timeout=PATIENCE, trust_env=not is_here(url))

    def __enter__(self) -> "House":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def begin(self, members: Data) -> "Customer":
        """A new order. Here it shows whether anybody is there."""
        try:
            answer = self._client.post(ORDERS, json=members)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Stopped(
                f"No house answers at {self._url} ({error}): start one with `esteio up`, or name yours with --url.",
                REFUSED,
            ) from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise Stopped(f"What answers at {self._url} has no PetStory: name another house with --url.", REFUSED)
        return Customer(self, str(_data(answer, "The order was not begun")["link"]))

    def ask(self, method: str, path: str, refused: str, **options: Any) -> httpx.Response:
        """What is answered well. Who asks too often waits as long as the house says."""
        for _ in range(TRIES):
            try:
                answer = self._client.request(method, path, **options)
            except httpx.HTTPError as error:
                raise Stopped(f"{refused}: the house at {self._url} does not answer any more ({error}).") from error
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or method != "GET":
                break
            time.sleep(pause(answer))
        _refuse(answer, refused)
        return answer

    def whole(self, path: str) -> str:
        """The address of a path here."""
        return self._url + path


class Customer:
    """Who has an order's secret link."""

    def __init__(self, house: House, link: str) -> None:
        self._house, self.link = house, link

    @property
    def page(self) -> str:
        """Where a person sees the order."""
        return self._house.whole(order_page_path(self.link))

    def send(self, photos: Sequence[Path], told: Callable[[int], None]) -> Data:
        """All photos in one form, none of it held in memory; `told` is how many bytes have left."""
        with ExitStack() as stack:
            watched = _Watched(told)
            files = [("photos", (photo.name, stack.enter_context(watched.open(photo)))) for photo in photos]
            answer = self._house.ask(
                "POST",
                f"{order_path(self.link)}/photos",
                "The photos were refused",
                files=files,
                timeout=httpx.Timeout(PATIENCE, read=UPLOAD_PATIENCE),
            )
        return _data(answer)

    def do(self, what: str, refused: str) -> Data:
        """`preview` or `checkout`."""
        return _data(self._house.ask("POST", f"{order_path(self.link)}/{what}", refused))

    def seen(self, within: float, late: str) -> Iterator[Data]:
        """The order, again and again, as often as the house wants to be asked. Raises `Stopped` after `within`
        seconds, with the words `late`.
        """
        end = time.monotonic() + within
        while True:
            answer = self._house.ask("GET", order_path(self.link), "The order cannot be read")
            yield _data(answer)
            rest = pause(answer)
            if time.monotonic() + rest > end:
                raise Stopped(f"{late} within {within:g} s. The order goes on without us: {self.page}", LATE)
            time.sleep(rest)

    def whole(self, path: str) -> str:
        return self._house.whole(path)

    @contextmanager
    def book(self, url: str) -> Iterator[Iterator[bytes]]:
        """The book, piece by piece, from an address that was told for it."""
        try:
            with httpx.stream("GET", url, timeout=PATIENCE, trust_env=not is_here(url)) as answer:
                if not answer.is_success:
                    answer.read()
                _refuse(answer, "The book cannot be fetched")
                yield answer.iter_bytes()
        except httpx.HTTPError as error:
            raise Stopped(f"The book cannot be fetched from {url} ({error}): look at {self.page}") from error


class _Watched:
    """Files of which it is told how much of them was read."""

    def __init__(self, told: Callable[[int], None]) -> None:
        self._told, self._read = told, 0

    def open(self, photo: Path) -> FileIO:
        return _WatchedFile(photo, self._add)

    def _add(self, number: int) -> None:
        self._read += number
        self._told(self._read)


class _WatchedFile(FileIO):
    def __init__(self, photo: Path, told: Callable[[int], None]) -> None:
        super().__init__(photo)
        self._told = told

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size) or b""
        self._told(len(data))
        return data


def is_here(url: str) -> bool:
    """Whether this machine answers there."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def pause(answer: httpx.Response) -> float:
    """How long nobody asks again, in seconds, as the answer wishes."""
    try:
        wish = float(answer.headers.get("Retry-After", "1"))
    except ValueError:
        wish = 1.0
    return min(max(wish, SHORTEST_PAUSE), LONGEST_PAUSE)


def _data(answer: httpx.Response, refused: str = "This was refused") -> Data:
    _refuse(answer, refused)
    try:
        found = answer.json()["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise Stopped(f"{refused}: {answer.url.host} does not answer as Esteio does: look at --url.") from error
    return dict(found)


def _refuse(answer: httpx.Response, refused: str) -> None:
    if not answer.is_success:
        raise Stopped(f"{refused}: {words_of(answer)}")


def words_of(answer: httpx.Response) -> str:
    """Why something was refused, in the words of the house."""
    try:
        told = answer.json()
        found = [_message(one) for one in told.get("errors") or ()] or [str(told["detail"])]
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"it answered {answer.status_code}."
    return " ".join(dict.fromkeys(found))


def _message(error: Data) -> str:
    """With the member of the body that it is about, where there is one that the words do not tell."""
    field = str(error.get("field") or "").partition("/")[0]
    return f"{field}: {error['message']}" if field and field != "photos" else str(error["message"])
