"""Pictures drawn by Gemini: each way in which an answer is one, and in which it is none."""

import asyncio
import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from esteio.base.clock import TurnableClock
from esteio.services.petstory.art.drawing import Drawn
from esteio.services.petstory.art.gemini import GeminiArtist
from esteio.services.petstory.art.outcomes import ArtOutcome, Busy, NoImage, NotConfigured, Parked, PhotoRefused
from esteio.services.petstory.art.prompts import PROMPTS, ratio_for
from esteio.services.petstory.art.quotas import LONGEST, SHORT, waiting
from esteio.services.petstory.schemas import STYLES, Style
from esteio.services.petstory.settings import PetstorySettings
from esteio.standins.gemini import Painter, running_gemini
from esteio.standins.gemini.outcomes import BLOCKED
from tests.petstory.photos.samples import jpeg, upright

KEY = "AIzaSy-a-key-that-nobody-may-see"
PRICE = Decimal("0.04")
NOON = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)  # noon where days of quotas are counted
PHOTO = upright("dog")


@pytest.fixture(scope="module")
def running() -> Iterator[Painter]:
    with running_gemini(KEY) as painter:
        yield painter


@pytest.fixture
def gemini(running: Painter) -> Painter:
    """As at the start."""
    running.reset()
    return running


def settings(url: str, **more: Any) -> PetstorySettings:
    told = {"gemini_url": url, "gemini_api_key": KEY, "gemini_timeout": 20.0, **more}
    return PetstorySettings.model_validate(told)


def draw(url: str, photo: bytes = PHOTO, style: Style = "line", **more: Any) -> Drawn:
    """By an artist of its own, which is closed afterwards."""

    async def once() -> Drawn:
        artist = GeminiArtist(settings(url, **more), TurnableClock(NOON))
        try:
            return await artist.draw(photo, style)
        finally:
            await artist.aclose()

    return asyncio.run(once())


def came(gemini: Painter, outcome: str | dict[str, Any], **more: Any) -> ArtOutcome:
    """What one asking with that outcome comes to; nobody asked a second time, and the key is nowhere in it."""
    gemini.next(outcome)
    with pytest.raises(ArtOutcome) as raised:
        draw(gemini.url, **more)
    assert len(gemini.requests()) <= 1
    assert KEY not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__context__ is None or KEY not in repr(vars(raised.value.__context__))
    return raised.value


@pytest.mark.parametrize("style", STYLES)
def test_a_picture_is_asked_for_and_taken(gemini: Painter, style: Style) -> None:
    """The photo goes out with the style's own words, and what comes back is the model's picture, written anew."""
    made = draw(gemini.url, style=style)
    (asked,) = gemini.requests()
    assert (asked["model"], asked["version"], asked["kind"]) == ("gemini-nano-banana-2.1", "v1", "image")
    assert asked["prompt"] == PROMPTS[style]
    assert [one["media"] for one in asked["pictures"]] == ["image/jpeg"]
    with Image.open(BytesIO(made.image)) as image:
        assert (image.format, image.size) == ("JPEG", (made.width, made.height))
    assert made.width / made.height == pytest.approx(3 / 4, rel=0.01)
    assert (made.provider, made.model, made.cost, made.media_type) == (
        "gemini",
        "gemini-nano-banana-2.1",
        PRICE,
        "image/jpeg",
    )


def test_a_large_photo_is_sent_smaller(gemini: Painter) -> None:
    """More than the model looks at is not sent."""
    photo = jpeg(Image.effect_noise((4000, 3000), 80))
    draw(gemini.url, photo)
    assert gemini.requests()[0]["pictures"][0]["bytes"] < len(photo) / 2


@pytest.mark.parametrize("reason", BLOCKED)
def test_a_blocked_prompt_refuses_the_photo(gemini: Painter, reason: str) -> None:
    """Whatever reason a prompt is blocked for, the photo is refused with it and nothing was paid."""
    outcome = came(gemini, f"blocked_{reason.lower()}")
    assert isinstance(outcome, PhotoRefused)
    assert (outcome.reason, outcome.cost) == (reason, 0)


REFUSING = (
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "SAFETY",
    "PROHIBITED_CONTENT",
    "RECITATION",
    "SPII",
    "BLOCKLIST",
)


@pytest.mark.parametrize("reason", REFUSING)
def test_reasons_about_the_photo_refuse_it(gemini: Painter, reason: str) -> None:
    """A picture that was not given for what is on the photo is not asked for again."""
    outcome = came(gemini, f"finish_{reason.lower()}")
    assert isinstance(outcome, PhotoRefused)
    assert outcome.reason == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("finish_no_image", "NO_IMAGE"),
        ("finish_image_other", "IMAGE_OTHER"),
        ("finish_other", "OTHER"),
        ("finish_language", "LANGUAGE"),
        ("finish_max_tokens", "MAX_TOKENS"),
        ("finish_malformed_function_call", "MALFORMED_FUNCTION_CALL"),
        ("finish_unknown", "IMAGE_TOO_LOVELY"),
        ("text_only", "TEXT_ONLY"),
        ("not_a_picture", "UNDECODABLE"),
        ("cut_picture", "UNDECODABLE"),
        ("bomb", "UNDECODABLE"),
        ("no_data", "TEXT_ONLY"),
        ("endless", "TOO_LONG"),
    ],
)
@pytest.mark.filterwarnings("ignore:IMAGE_TOO_LOVELY")
def test_other_answers_without_a_picture_may_be_asked_again(gemini: Painter, name: str, reason: str) -> None:
    """Any other answer with 200 that is no picture, known or unknown, is `NoImage` with a code that can be stored."""
    outcome = came(gemini, name)
    assert isinstance(outcome, NoImage)
    assert outcome.reason == reason


@pytest.mark.parametrize("name", ["text_only", "not_a_picture", "bomb", "endless"])
def test_what_the_model_wrote_is_paid_for(gemini: Painter, name: str) -> None:
    """An answer that the model worked for counts against the order's budget, though there is no picture."""
    assert came(gemini, name).cost == PRICE


@pytest.mark.parametrize("name", ["quota", "quota_listed"])
def test_a_short_wait_is_waited(gemini: Painter, name: str) -> None:
    """429 with a short `RetryInfo` says how long, also where the error comes in a list."""
    outcome = came(gemini, name)
    assert isinstance(outcome, Busy)
    assert outcome.after == 17


def test_429_without_a_time_is_waited_for(gemini: Painter) -> None:
    """429 that does not say how long has a wait of our own."""
    outcome = came(gemini, "quota_silent")
    assert isinstance(outcome, Busy)
    assert 1 <= outcome.after <= SHORT


def test_a_long_wait_parks(gemini: Painter) -> None:
    """A `RetryInfo` of hours parks the job for as long, whatever quota it is of."""
    outcome = came(gemini, {"outcome": "quota", "seconds": 7200})
    assert isinstance(outcome, Parked)
    assert outcome.until_seconds == 7200


def test_the_days_quota_parks(gemini: Painter) -> None:
    """A used up day parks until it says, or until the next day where it says a few seconds only."""
    told = came(gemini, "quota_day")
    assert isinstance(told, Parked)
    assert told.until_seconds == 36_976
    gemini.reset()
    short = came(gemini, {"outcome": "quota_day", "seconds": 9})
    assert isinstance(short, Parked)
    assert short.until_seconds == 12 * 3600


def test_a_quota_of_nothing_parks(gemini: Painter) -> None:
    """A limit of 0 parks until the next day: waiting a moment would be in vain."""
    outcome = came(gemini, "quota_zero")
    assert isinstance(outcome, Parked)
    assert outcome.until_seconds == 12 * 3600


@pytest.mark.parametrize(
    ("body", "message", "seconds"),
    [
        (None, "Please retry in 10h17m.", 37_020),
        (None, "Please retry in 17.3s.", 17.3),
        (None, "Please retry in 812.5ms.", 1),
        ({"error": {"details": [{"retryDelay": "3.25s"}, {"retryDelay": "9s"}]}}, "", 3.25),
        ({"error": {"details": [{"retryDelay": "0s"}]}}, "", 1),
        ({"error": {"details": [{"retryDelay": "999999999s"}]}}, "", LONGEST),
        ({"error": {"details": [{"retryDelay": "soon"}]}}, "limit: 05", 30),
        ({"error": {"details": {"retryDelay": "5s"}}}, "", 30),
        ([{"error": {"details": [None, 7, {"violations": {"quotaId": "PerDay"}}]}}], "limit: 0.5", 30),
        ("gone", "", 30),
        ([], "", 30),
    ],
)
def test_waits_in_every_shape(body: Any, message: str, seconds: float) -> None:
    """Waits are read from details and words of every shape; nonsense is waited out briefly, never raised."""
    outcome = waiting(body, message, NOON)
    told = outcome.until_seconds if isinstance(outcome, Parked) else outcome.after if isinstance(outcome, Busy) else 0
    assert told == pytest.approx(seconds)
    assert isinstance(outcome, Parked) == (seconds > SHORT)


def test_the_next_day_begins_at_its_own_midnight() -> None:
    """On the day clocks go back the next midnight is 25 hours after the last."""
    midnight = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)
    outcome = waiting(None, "limit: 0", midnight)
    assert isinstance(outcome, Parked)
    assert outcome.until_seconds == 25 * 3600


@pytest.mark.parametrize("name", ["internal", "overloaded", "overloaded_text", "deadline"])
def test_5xx_is_busy(gemini: Painter, name: str) -> None:
    """A server that fails, in JSON or not, is asked again later; it charged nothing."""
    outcome = came(gemini, name)
    assert isinstance(outcome, Busy)
    assert (outcome.after > 0, outcome.cost) == (True, 0)


def test_silence_is_busy_and_may_have_cost(gemini: Painter) -> None:
    """An answer that does not come in time is asked for again later, and counted as paid."""
    outcome = came(gemini, "silence", gemini_timeout=0.5)
    assert isinstance(outcome, Busy)
    assert outcome.cost == PRICE


@contextmanager
def answering(*pieces: bytes, endless: bool = False) -> Iterator[str]:
    """A server that answers every call with these bytes, the last for ever, and says nothing of their length."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line:
                line.settimeout(10)
                try:
                    take_request(line)
                    for piece in pieces:
                        line.sendall(piece)
                    while endless and not ended.wait(0.05):
                        line.sendall(pieces[-1])
                except OSError:
                    continue

    ended = threading.Event()
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


def take_request(line: socket.socket) -> None:
    """All of it: what is left unread when a line closes makes the other side's answer fail."""
    with line.makefile("rb") as stream:
        length = 0
        while (header := stream.readline().strip().lower()) != b"":
            name, _, value = header.partition(b":")
            length = int(value) if name == b"content-length" else length
        stream.read(length)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


def test_an_answer_that_drips_is_not_waited_for() -> None:
    """The time limit is for the whole answer: one that comes byte by byte is given up, too."""
    with answering(HEAD + b"\r\n", b" ", endless=True) as url, pytest.raises(Busy):
        draw(url, gemini_timeout=1.0)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>captive portal</html>",
        b"[]",
        b"null",
        b'"words"',
        b'{"candidates": 7}',
        b'{"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "*"}}]}}]}',
        b"\xff\xfe",
    ],
)
def test_200_with_nonsense_is_no_picture(body: bytes) -> None:
    """A 200 that is not the API's answer is an outcome like any other."""
    with answering(HEAD + b"\r\n" + body) as url, pytest.raises(NoImage):
        draw(url)


def test_packed_answers_are_refused() -> None:
    """Nobody can send an answer that unpacks to any length."""
    with answering(HEAD + b"Content-Encoding: gzip\r\n\r\n" + bytes(100)) as url, pytest.raises(NoImage) as raised:
        draw(url)
    assert raised.value.reason == "TOO_LONG"


def test_redirects_are_not_followed(gemini: Painter) -> None:
    """The key goes to the operator's address and to nobody whom that address names."""
    elsewhere = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {gemini.url}/v1/models/x:generateContent\r\n\r\n"
    with answering(elsewhere.encode()) as url, pytest.raises(ArtOutcome):
        draw(url)
    assert gemini.calls() == 0


@pytest.mark.parametrize(
    "answer", [None, b"", b"HTTP/1.1 200 OK\r\nContent-Le", HEAD + b"Content-Length: 900\r\n\r\n{"]
)
def test_a_line_that_breaks_is_busy(answer: bytes | None) -> None:
    """A refused connection, one that closes, and one that breaks off in the middle are asked again later."""
    if answer is None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Busy) as raised:
            draw(closed)
        assert raised.value.cost == 0
        return
    with answering(answer) as url, pytest.raises(Busy):
        draw(url)


def test_a_withdrawn_model_is_followed_by_the_next(gemini: Painter) -> None:
    """Where the model is gone the fallbacks are asked in turn, each once, and the picture says who drew it."""
    gemini.models("third")
    made = draw(gemini.url, gemini_fallbacks="second,third,fourth")
    assert made.model == "third"
    assert gemini.calls() == 3


def test_no_model_left_is_the_operators_affair(gemini: Painter) -> None:
    """Where all models are gone only the settings can help."""
    gemini.models("other")
    with pytest.raises(NotConfigured):
        draw(gemini.url)
    assert gemini.calls() == 2


def test_a_wrong_key_is_the_operators_affair(gemini: Painter) -> None:
    """A key that is refused is no fault of the photo, is not tried again, and is not told."""
    other = KEY[::-1]
    with pytest.raises(NotConfigured) as raised:
        draw(gemini.url, gemini_api_key=other)
    assert other not in "".join(traceback.format_exception(raised.value))
    assert "API_KEY_INVALID" in str(raised.value)
    assert isinstance(came(gemini, "bad_request"), NotConfigured)


def test_without_a_key_nobody_is_asked(gemini: Painter) -> None:
    """No key, no call."""
    with pytest.raises(NotConfigured):
        draw(gemini.url, gemini_api_key="")
    assert gemini.calls() == 0


@pytest.mark.parametrize("photo", [b"", b"words", PHOTO[:100]])
def test_what_is_no_photo_is_not_sent(gemini: Painter, photo: bytes) -> None:
    """Bytes that are no photo are refused here."""
    with pytest.raises(PhotoRefused) as raised:
        draw(gemini.url, photo)
    assert raised.value.reason == "UNREADABLE"
    assert gemini.calls() == 0


def test_the_environment_does_not_win(gemini: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, addresses, versions and proxies of the environment do not count; the settings' key goes to their URL."""
    for name, value in {
        "GOOGLE_API_KEY": "AIzaSy-of-the-environment",
        "GEMINI_API_KEY": "AIzaSy-of-the-environment",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_GENAI_USE_ENTERPRISE": "true",
        "GOOGLE_GENAI_API_VERSION": "beta",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    assert draw(gemini.url).provider == "gemini"
    assert gemini.requests()[0]["version"] == "v1"


def test_the_key_is_not_logged(gemini: Painter, caplog: pytest.LogCaptureFixture) -> None:
    """Neither success nor failure writes the key, at any level."""
    with caplog.at_level(logging.DEBUG):
        draw(gemini.url)
        for name in ("overloaded", "quota", "bad_request"):
            gemini.next(name)
            with pytest.raises(ArtOutcome):
                draw(gemini.url)
    assert caplog.records
    assert all(KEY not in record.getMessage() for record in caplog.records)


def test_many_at_once_and_closed(gemini: Painter) -> None:
    """One artist draws several at once, and can be closed twice."""

    async def crowd() -> list[Drawn]:
        artist = GeminiArtist(settings(gemini.url))
        made = await asyncio.gather(*(artist.draw(PHOTO, style) for style in STYLES))
        await artist.aclose()
        await artist.aclose()
        return made

    assert len(asyncio.run(crowd())) == 3
    assert gemini.calls() == 3


@pytest.mark.parametrize(
    ("size", "ratio"),
    [((100, 100), "1:1"), ((1050, 1400), "3:4"), ((4096, 8), "21:9"), ((8, 4096), "9:16"), ((1600, 1000), "3:2")],
)
def test_the_ratio_is_the_nearest(size: tuple[int, int], ratio: str) -> None:
    """The picture is asked for in the proportions nearest to the photo's."""
    assert ratio_for(*size) == ratio
