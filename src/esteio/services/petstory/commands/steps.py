"""The steps of a walk as they are told: what is done and how long it took, and bars while something is on its way."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

FAILED, REFUSED, LATE = 1, 2, 3
"""Statuses to end with: it did not come through; it could not even begin; it was not done in time."""

MEGA = 1_000_000


class Stopped(Exception):
    """The walk ends here; the words say why and the way out."""

    def __init__(self, words: str, code: int = FAILED) -> None:
        super().__init__(words)
        self.code = code


class Steps:
    """Tells of each step once it is done."""

    def __init__(self) -> None:
        self._mark = "✓" if _can_show("✓") else "+"
        self._since = time.monotonic()

    def done(self, words: str, *more: str) -> None:
        """The step that began when the last one ended; `more` are lines below it."""
        now = time.monotonic()
        click.echo(f"{click.style(self._mark, fg='green')} {words} ({now - self._since:.1f} s)")
        for line in more:
            click.echo(f"  {line}")
        self._since = now

    def note(self, words: str) -> None:
        click.echo(f"  {words}")


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar; what is yielded moves it to so many of the total. Where nobody looks at a terminal only its label is."""
    reached = 0
    with click.progressbar(length=max(total, 1), label=label, show_eta=False) as shown:

        def move(done: int) -> None:
            nonlocal reached
            shown.update(max(0, min(done, total) - reached))
            reached = max(reached, min(done, total))

        yield move


def megabytes(size: int) -> str:
    return f"{size / MEGA:.1f} MB"


def _can_show(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
