"""`esteio up` and `esteio petstory demo`, as somebody has them who has just installed the house."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from pypdf import PdfReader

from esteio.services.petstory.commands.pdf import pages
from tests.cli.command import COMMAND, NOWHERE, Run, surroundings
from tests.house import nobody, unused_port
from tests.logs.kept import keep_file
from tests.petstory.shop import PHOTOS

DOG = PHOTOS / "dog.jpg"
LONG = 300.0
NAME = 'Rex <script> & "Füß" 犬'
FAILED, REFUSED, LATE = 1, 2, 3


@dataclass
class Home:
    """A running house: where it is, and where it keeps its data."""

    url: str
    place: Path

    def demo(self, *words: str, url: str = "", data: Path | None = None) -> Run:
        """Walk, from the place's folder."""
        return demo(
            *("--url", url or self.url, "--data-dir", str(data or self.place / "data"), *words), folder=self.place
        )


def demo(*words: str, folder: Path) -> Run:
    done = subprocess.run(
        [*COMMAND, "petstory", "demo", *words],
        env=surroundings({"PYTHONIOENCODING": "utf-8"}),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LONG,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


@contextmanager
def up(place: Path) -> Iterator[Home]:
    """The house that says it is ready."""
    port = unused_port()
    command = [*COMMAND, "up", "--data-dir", str(place / "data"), "--port", str(port)]
    with (place / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=surroundings({}), cwd=NOWHERE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        if not any(line.startswith("Esteio is ready at") for line in process.stdout):
            pytest.fail((place / "log").read_text())
        yield Home(f"http://127.0.0.1:{port}", place)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)
        keep_file(place / "log", objects=False)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    place = Path(tempfile.mkdtemp(prefix="esteio-test-demo-"))
    try:
        with up(place) as running:
            yield running
    finally:
        shutil.rmtree(place, ignore_errors=True)


def told(said: str, label: str) -> str:
    """What stands behind a label at the end."""
    return next(line for line in said.splitlines() if line.startswith(f"{label} ")).removeprefix(label).strip()


def test_one_command_shows_the_whole_way(home: Home) -> None:
    """With nothing set, a photo becomes a paid and mailed book; each step is told, and where everything is."""
    walk = home.demo("--photo", str(DOG), "--pet-name", NAME, "--language", "en", "--keep", "book.pdf")
    assert walk.code == 0, walk.said
    steps = [line for line in walk.out.splitlines() if line.startswith("✓")]
    assert [step.split()[1:4] for step in steps] == [
        ["An", "order", "was"],
        ["1", "photo", "sent,"],
        ["The", "preview", "is"],
        ["The", "checkout", "is"],
        ["The", "order", "is"],
        ["The", "book", "is"],
        ["The", "mail", "has"],
        ["The", "PDF", "is"],
    ]
    assert all(step.endswith(" s)") for step in steps) and NAME in steps[-2] and "from the mail" in steps[-1]
    pdf = (home.place / "book.pdf").read_bytes()
    number = len(PdfReader(BytesIO(pdf)).pages)
    assert told(walk.out, "Book").startswith(f"{home.place / 'book.pdf'} ({number} pages, ")
    assert pages(pdf) == number
    for label in ("Tribute", "Order"):
        assert httpx.get(told(walk.out, label), timeout=30).status_code == 200, label


def test_the_book_is_fetched_by_its_link_where_no_mail_is_looked_for(home: Home) -> None:
    """Without a look at the mails the PDF comes from the order's link, under a name of its own."""
    walk = home.demo("--photo", str(DOG), "--no-mail", data=home.place / "nowhere")
    assert walk.code == 0, walk.said
    place = Path(told(walk.out, "Book").partition(" (")[0])
    assert place.parent == home.place and place.read_bytes().startswith(b"%PDF-")
    assert "from its link" in walk.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--pay", "rejected"], FAILED, "The payment was rejected: pay at http://127.0.0.1:"),
        (["--pay", "nothing"], FAILED, "has no button 'nothing'"),
        (["--email", "nobody"], FAILED, "The order was not begun: email: "),
        (["--wait", "1", "--pay", "pending_pix"], LATE, "within 1 s. The order goes on without us: http"),
        (["--keep", "nowhere/book.pdf"], REFUSED, "name another file with --keep"),
        (["--url", nobody()], REFUSED, "start one with `esteio up`, or name yours with --url"),
        (["--data-dir", "elsewhere"], REFUSED, "with --data-dir, or fetch the book by its link with --no-mail"),
    ],
    ids=["rejected", "no button", "no address", "too late", "no folder", "no house", "no mailbox"],
)
def test_what_fails_says_so_and_the_way_out(home: Home, words: list[str], code: int, said: str) -> None:
    """One sentence without a traceback, and a status that tells refused, failed and late apart."""
    walk = home.demo("--photo", str(DOG), *words)
    assert walk.code == code, walk.said
    [sentence] = walk.err.splitlines()
    assert said in sentence


def test_a_photo_that_is_none_is_refused_in_the_words_of_the_house(home: Home) -> None:
    """Whoever sends a damaged photo reads why, as the API says it."""
    broken = home.place / "broken.jpg"
    broken.write_bytes(DOG.read_bytes()[:3000])
    walk = home.demo("--photo", str(broken))
    assert (walk.code, walk.err.startswith("The photos were refused: The picture is damaged")) == (FAILED, True)


def test_the_command_loads_nothing_that_draws() -> None:
    """`esteio --help` looks at every command: it does not wait for libraries of pictures and models."""
    heavy = ("PIL", "cv2", "numpy", "typst", "google.genai", "segno", "pillow_heif", "aiosmtpd")
    script = f"import sys, esteio.services.petstory.commands; print([n for n in {heavy!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], env=surroundings({}), capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
