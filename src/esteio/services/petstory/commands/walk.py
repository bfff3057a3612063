"""The way of one order, step by step, told as it goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from esteio.services.petstory.commands import till
from esteio.services.petstory.commands.house import Customer, Data, House, is_here
from esteio.services.petstory.commands.letterbox import Letter, Letterbox
from esteio.services.petstory.commands.pdf import BEGINS, pages
from esteio.services.petstory.commands.steps import REFUSED, Steps, Stopped, bar, megabytes
from esteio.services.petstory.states import AWAITING, BOOKED, PAID

MAIL_WITHIN = 60.0
LOST = ("rejected", "cancelled")
_MAILED = BOOKED - {"produced"}
"""States in which it is known what became of the mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be walked. `data_dir` is `None` where no mail is looked for; `wait` is in seconds for each step."""

    photos: tuple[Path, ...]
    members: dict[str, Any]
    url: str
    data_dir: Path | None
    keep: Path | None
    button: str
    wait: float

    @property
    def email(self) -> str:
        return str(self.members["email"])


class Walk:
    """One order of one customer. Every step raises `Stopped` where it goes no further."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._steps = Steps()

    def run(self) -> None:
        """All of it."""
        wish = self._wish
        self._check_place()
        letterbox = self._letterbox()
        with House(wish.url) as house:
            customer = house.begin(wish.members)
            self._steps.done(
                f"An order was begun for {wish.members['pet_name']}",
                f"{customer.page}  (its secret address: keep it to yourself)",
            )
            self._send(customer)
            self._preview(customer)
            self._pay(customer)
            order = self._made(customer)
            letter = self._letter(customer, order, letterbox)
            self._keep(customer, order, letter)

    def _check_place(self) -> None:
        keep = self._wish.keep
        if keep is not None and not keep.absolute().parent.is_dir():
            raise Stopped(f"The folder of {keep} does not exist: make it, or name another file with --keep.", REFUSED)

    def _letterbox(self) -> Letterbox | None:
        """Only a house of this machine keeps its mails where we can look."""
        if self._wish.data_dir is None or not is_here(self._wish.url):
            return None
        return Letterbox.in_directory(self._wish.data_dir)

    def _send(self, customer: Customer) -> None:
        photos = self._wish.photos
        size = sum(photo.stat().st_size for photo in photos)
        with bar("Sending photos", size) as move:
            customer.send(photos, move)
        self._steps.done(f"{_many(len(photos), 'photo')} sent, {megabytes(size)}")

    def _preview(self, customer: Customer) -> None:
        order = customer.do("preview", "The preview was refused")
        with bar("Drawing the preview", _total(order)) as move:
            for order in customer.seen(self._wish.wait, "The preview was not drawn"):
                move(_drawn(order))
                if order["state"] != "preview_queued":
                    break
        if order["state"] != "preview_ready":
            raise Stopped(f"The preview failed ({_why(order)}): send another photo. {customer.page}")
        shown = [customer.whole(art["preview"]) for art in order["arts"] if art["preview"]]
        self._steps.done(f"The preview is drawn: {_many(len(shown), 'picture')}", *shown)

    def _pay(self, customer: Customer) -> None:
        checkout = customer.do("checkout", "The checkout was refused")
        url = str(checkout["url"])
        self._steps.done(f"The checkout is open: {checkout['amount']} {checkout['currency']}", url)
        played = till.is_stand_in(url)
        if played:
            status = till.press(url, self._wish.button)
            if status in LOST:
                raise Stopped(f"The payment was {status}: pay at {url}")
            self._steps.note(f"The button {self._wish.button!r} was pressed at the stand-in: {status}")
        else:
            self._steps.note("Pay there in a browser: we wait.")
        self._wait_for_money(customer, url, played)

    def _wait_for_money(self, customer: Customer, url: str, played: bool) -> None:
        told = ""
        for order in customer.seen(self._wish.wait, "The payment did not arrive"):
            state = order["state"]
            if state not in AWAITING:
                break
            if state == "payment_rejected" and played:
                raise Stopped(f"The payment was rejected: pay at {url}")
            if state != told and state != "checkout_created":
                self._steps.note(f"The order is {state}: {url}")
            told = state
        if order["state"] not in PAID:
            raise Stopped(f"The order is {order['state']}, not paid ({_why(order)}): {customer.page}")
        self._steps.done("The order is paid")

    def _made(self, customer: Customer) -> Data:
        with bar("Making the book", len(self._wish.photos) * len(self._wish.members["styles"])) as move:
            for order in customer.seen(self._wish.wait, "The book was not made and mailed"):
                move(_drawn(order))
                if order["state"] not in ("paid", "producing", "produced"):
                    break
        if order["state"] not in _MAILED:
            raise Stopped(f"The book could not be made ({_why(order)}): {customer.page}")
        self._steps.done("The book is made")
        return order

    def _letter(self, customer: Customer, order: Data, letterbox: Letterbox | None) -> Letter | None:
        if order["state"] == "email_failed":
            self._steps.note(f"Its mail was not sent ({_why(order)}): the book is fetched by its link.")
            return None
        if letterbox is None:
            self._steps.note(f"Its mail went to {self._wish.email}; the book is fetched by its link here.")
            return None
        letter = letterbox.wait_for(self._wish.email, customer.link, min(MAIL_WITHIN, self._wish.wait))
        self._steps.done(f"The mail has arrived for {self._wish.email}: {letter.subject}")
        return letter

    def _keep(self, customer: Customer, order: Data, letter: Letter | None) -> None:
        attached = letter.book if letter is not None else None
        place = self._wish.keep or Path(f"petstory-{str(order['id'])[-8:]}.pdf")
        pieces = [attached] if attached else self._fetched(customer, str(order["book"]["url"]))
        data = _written(place, pieces)
        self._steps.done("The PDF is kept, from the mail" if attached else "The PDF is kept, from its link")
        number = pages(data)
        size = ", ".join(filter(None, (_many(number, "page") if number else "", megabytes(len(data)))))
        click.echo(f"\nBook     {place.absolute()} ({size})")
        if order["tribute_url"]:
            click.echo(f"Tribute  {order['tribute_url']}")
        click.echo(f"Order    {customer.page}")

    def _fetched(self, customer: Customer, url: str) -> list[bytes]:
        with customer.book(url) as pieces:
            return list(pieces)


def _written(place: Path, pieces: Iterable[bytes]) -> bytes:
    data = b"".join(pieces)
    if not data.startswith(BEGINS):
        raise Stopped("What came is no PDF: nothing was kept.")
    try:
        place.write_bytes(data)
    except OSError as error:
        raise Stopped(f"The book cannot be written ({error}): name another file with --keep.") from error
    return data


def _total(order: Data) -> int:
    return int(order["progress"]["total"]) if order["progress"] else len(order["styles"])


def _drawn(order: Data) -> int:
    """Once nothing is told of progress any more everything is drawn; before it is, nothing."""
    if order["progress"]:
        return int(order["progress"]["done"])
    return 0 if order["state"] == "paid" else len(order["arts"])


def _why(order: Data) -> str:
    return str(order["reason"] or order["state"])


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
