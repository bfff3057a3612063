"""The Gemini stand-in as Google's own client meets it."""

import asyncio
import base64
import io
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
from google import genai
from google.genai import errors, types
from PIL import Image, ImageChops, ImageOps, ImageStat

from esteio.standins.gemini import Painter, running_gemini
from esteio.standins.gemini.drawing import drawn
from esteio.standins.gemini.outcomes import BLOCKED, FINISHED, WORDS
from tests.house import AMPLE

KEY = "key-of-the-tests"
MODEL = "gemini-nano-banana-2.1"
PICTURE = types.GenerateContentConfig(response_modalities=["IMAGE"])


@pytest.fixture(scope="module")
def running_painter() -> Iterator[Painter]:
    with running_gemini(KEY) as running:
        yield running


@pytest.fixture
def painter(running_painter: Painter) -> Painter:
    running_painter.reset()
    return running_painter


def client(painter: Painter, prefix: str = "", key: str = KEY, version: str | None = None) -> genai.Client:
    options = types.HttpOptions(base_url=painter.url + prefix, timeout=30_000, api_version=version)
    return genai.Client(api_key=key, http_options=options)


def photo(kind: str = "JPEG", size: tuple[int, int] = (300, 200)) -> bytes:
    """Colours that run from one corner to the other."""
    bands = (Image.linear_gradient("L"), Image.linear_gradient("L").rotate(90), Image.radial_gradient("L"))
    found = io.BytesIO()
    Image.merge("RGB", bands).resize(size).save(found, kind, quality=95)
    return found.getvalue()


def ask(painter: Painter, sent: bytes | None = None, model: str = MODEL, **settings: Any) -> Any:
    """An answer to a prompt and a picture."""
    part = types.Part.from_bytes(data=sent or photo(), mime_type="image/jpeg")
    config = types.GenerateContentConfig(response_modalities=["IMAGE"], **settings)
    with client(painter) as caller:
        return caller.models.generate_content(model=model, contents=["Watercolour, please.", part], config=config)


def test_the_picture_is_drawn_from_the_photo(painter: Painter) -> None:
    """The inline image is a PNG of the photo's shapes in turned colours, as `drawn` gives it for just that photo."""
    sent = photo()
    answer = ask(painter, sent)
    [part] = answer.parts
    assert part.inline_data.mime_type == "image/png"
    assert part.inline_data.data == drawn(sent) != drawn(photo(size=(301, 200)))
    with Image.open(io.BytesIO(part.inline_data.data)) as made, Image.open(io.BytesIO(sent)) as original:
        assert made.size == original.size
        apart = ImageChops.difference(ImageOps.invert(made), original.convert("RGB"))
    assert max(ImageStat.Stat(apart).mean) < 32
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.model_version == MODEL
    assert answer.response_id
    assert answer.usage_metadata.total_token_count == sum(
        (answer.usage_metadata.prompt_token_count, answer.usage_metadata.candidates_token_count)
    )


def test_what_was_asked_is_kept(painter: Painter) -> None:
    """Prompt, model, the picture's digest, aspect and size are told, here and over the control; calls by model."""
    sent = photo("PNG")
    ask(painter, sent, image_config=types.ImageConfig(aspect_ratio="1:1", image_size="1K"))
    [kept] = painter.requests()
    assert kept["prompt"] == "Watercolour, please."
    assert kept["pictures"] == [{"media": "image/jpeg", "bytes": len(sent), "sha256": sha256(sent).hexdigest()}]
    assert (kept["model"], kept["kind"], kept["aspect"], kept["size"], kept["outcome"]) == (
        MODEL,
        "image",
        "1:1",
        "1K",
        "ok",
    )
    assert httpx.get(painter.control_url + "/requests", timeout=AMPLE).json() == [kept]
    assert httpx.get(painter.control_url + "/models", timeout=AMPLE).json()["calls"] == {MODEL: 1}
    assert httpx.delete(painter.control_url + "/requests", timeout=AMPLE).status_code == 204
    assert painter.requests() == []


@pytest.mark.parametrize(("aspect", "box"), [("1:1", (200, 200)), ("3:4", (150, 200)), ("16:9", (300, 169))])
def test_the_aspect_is_kept(painter: Painter, aspect: str, box: tuple[int, int]) -> None:
    """The picture is cut to the aspect that was asked for."""
    [part] = ask(painter, image_config=types.ImageConfig(aspect_ratio=aspect)).parts
    with Image.open(io.BytesIO(part.inline_data.data)) as made:
        assert made.size == box


def test_a_large_photo_is_taken(painter: Painter) -> None:
    """A photo of 10 MB, 14 MB as base64, is read and answered within the asked size."""
    noise = Image.effect_noise((3200, 3200), 90)
    found = io.BytesIO()
    noise.convert("RGB").save(found, "PNG", compress_level=0)
    sent = found.getvalue()[: 10 * 1024 * 1024]
    with pytest.raises(errors.ClientError, match="Unable to process input image"):
        ask(painter, sent)  # cut: read to its end all the same
    found = io.BytesIO()
    noise.save(found, "PNG", compress_level=0)
    [part] = ask(painter, found.getvalue()).parts
    with Image.open(io.BytesIO(part.inline_data.data)) as made:
        assert made.size == (1024, 1024)


@pytest.mark.parametrize(("prefix", "version"), [("", None), ("", "v1beta"), ("/proxy/v1/of/somebody", "v1beta")])
def test_versions_and_a_prefix(painter: Painter, prefix: str, version: str | None) -> None:
    """Both versions are served, also below a path."""
    with client(painter, prefix, version=version) as caller:
        answer = caller.models.generate_content(model="models/" + MODEL, contents=["A cat"], config=PICTURE)
    assert answer.parts[0].inline_data.data.startswith(b"\x89PNG")
    assert painter.requests()[0]["version"] == (version or "v1")


@pytest.mark.parametrize("spelling", ["mime_type", "mimeType"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_both_spellings_and_alphabets(painter: Painter, spelling: str, encode: Any) -> None:
    """Clients write the picture's type and its base64 in two ways each; both are read."""
    sent = photo("PNG")
    assert {b"+", b"/"} & {bytes([one]) for one in base64.b64encode(sent)}
    part = {"inlineData": {"data": encode(sent).decode(), spelling: "image/png"}}
    body = {"contents": [{"parts": [part]}], "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}}
    url = f"{painter.url}/v1beta/models/{MODEL}:generateContent"
    answer = httpx.post(url, json=body, headers={"x-goog-api-key": KEY}, timeout=AMPLE).json()
    data = answer["candidates"][0]["content"]["parts"][0]["inlineData"]["data"]
    assert base64.b64decode(data, validate=True) == drawn(sent)
    assert painter.requests()[0]["pictures"][0]["media"] == "image/png"


@pytest.mark.parametrize(
    ("prompt", "words", "paragraphs"),
    [
        ("Write in Brazilian Portuguese (pt-BR) about <name>Açaí</name>.", "Açaí chegou", 3),
        ("Write a story in Spanish. <name>Lola & Max</name>", "Lola & Max llegó", 3),
        ("Write it in English.\nName: Rex {0}", "Rex {0} came", 3),
        ("Write it in English.", "The pet came", 3),
    ],
)
def test_a_story(painter: Painter, prompt: str, words: str, paragraphs: int) -> None:
    """Without IMAGE among the modalities: paragraphs in the prompt's language that quote the name."""
    with client(painter) as caller:
        text = caller.models.generate_content(model="gemini-3.1-flash", contents=prompt).text
    assert text is not None
    assert words in text
    assert len(text.split("\n\n")) == paragraphs
    assert painter.requests()[0]["kind"] == "text"


def test_a_story_as_json(painter: Painter) -> None:
    """Where a schema is told, the answer is JSON that fits it and still tells of the pet."""
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "page_texts": {"type": "array", "items": {"type": "string"}, "minItems": 4, "maxItems": 4},
            "mood": {"type": "string", "enum": ["glad", "calm"]},
        },
    }
    for extra in ({"response_json_schema": schema}, {"response_schema": schema}, {}):
        config = types.GenerateContentConfig(response_mime_type="application/json", **extra)
        with client(painter) as caller:
            prompt = "In Spanish. <name>Lola</name>"
            answer = caller.models.generate_content(model="gemini-3.1-flash", contents=prompt, config=config)
        story = json.loads(answer.text or "")
        assert "Lola" in story["title"]
        if extra:
            assert set(story) == {"title", "page_texts", "mood"}
            assert (len(story["page_texts"]), story["mood"]) == (4, "glad")


@pytest.mark.parametrize("reason", BLOCKED)
def test_a_blocked_prompt(painter: Painter, reason: str) -> None:
    """200 without candidates; the reason is in the prompt's feedback."""
    painter.next(f"blocked_{reason.lower()}")
    answer = ask(painter)
    assert not answer.candidates
    assert answer.parts is None
    assert answer.prompt_feedback.block_reason.value == reason
    assert ask(painter).parts


@pytest.mark.parametrize("reason", [*FINISHED, "unknown"])
def test_a_candidate_without_content(painter: Painter, reason: str) -> None:
    """200 with a candidate that ended for that reason and has no parts, also for a reason the client never heard of."""
    painter.next(f"finish_{reason.lower()}")
    answer = ask(painter)
    assert answer.parts is None
    told = answer.candidates[0].finish_reason
    assert told.value == ("IMAGE_TOO_LOVELY" if reason == "unknown" else reason)


def test_what_is_no_picture(painter: Painter) -> None:
    """Words instead, data that cannot be decoded, none at all, half a picture, one too large to unpack, 32 MB."""
    names = ["text_only", "not_a_picture", "no_data", "cut_picture", "bomb", "endless"]
    painter.next(*names)
    answers = [ask(painter) for _ in names]
    assert answers[0].text
    assert answers[0].parts[0].inline_data is None
    data = [answer.parts[0].inline_data.data for answer in answers[1:]]
    whole = drawn(photo())
    assert data[2] == whole[: len(whole) // 2]
    assert (not data[1], len(data[3]) < 200_000, len(data[4]) > 32_000_000) == (True, True, True)
    for one in (data[0], data[1] or b"", data[2], data[4]):
        with pytest.raises((OSError, SyntaxError)), Image.open(io.BytesIO(one)) as made:
            made.load()
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data[3]))
    assert [kept["outcome"] for kept in painter.requests()] == names


def refusal(painter: Painter, **settings: Any) -> errors.APIError:
    with pytest.raises(errors.APIError) as caught:
        ask(painter, **settings)
    return caught.value


def details(refused: errors.APIError) -> dict[str, Any]:
    """Those of the error, by the last word of their type."""
    body = refused.details[0] if isinstance(refused.details, list) else refused.details
    return {one["@type"].rpartition(".")[2]: one for one in body["error"].get("details", [])}


def test_quotas(painter: Painter) -> None:
    """429 with so many seconds to wait, without them, for a day, for ever; also as the only element of a list."""
    painter.next(
        {"outcome": "quota", "seconds": 2.5}, "quota", "quota_listed", "quota_silent", "quota_day", "quota_zero"
    )
    found = [refusal(painter) for _ in range(6)]
    assert {(one.code, one.status) for one in found} == {(429, "RESOURCE_EXHAUSTED")}
    delays = [details(one).get("RetryInfo", {}).get("retryDelay") for one in found]
    assert delays == ["2.5s", "17s", "17s", None, "36976s", None]
    assert "Please retry in 2.5s." in str(found[0].message)
    assert set(details(found[3])) == {"Help"}
    for refused, quota in ((found[0], "PerMinute"), (found[4], "PerDay"), (found[5], "PerDay")):
        assert quota in details(refused)["QuotaFailure"]["violations"][0]["quotaId"]
    assert "limit: 0" in str(found[5].message)


def test_the_list_is_on_the_wire(painter: Painter) -> None:
    """The client unwraps a list, so its being one is seen below it."""
    painter.next("quota_listed")
    body = {"contents": [{"parts": [{"text": "A cat"}]}]}
    url = f"{painter.url}/v1/models/{MODEL}:generateContent"
    answer = httpx.post(url, json=body, headers={"x-goog-api-key": KEY}, timeout=AMPLE)
    assert answer.json()[0]["error"]["code"] == 429


@pytest.mark.parametrize(
    ("outcome", "code", "status"),
    [
        ("retired", 404, "NOT_FOUND"),
        ("bad_request", 400, "INVALID_ARGUMENT"),
        ("bad_key", 400, "INVALID_ARGUMENT"),
        ("internal", 500, "INTERNAL"),
        ("overloaded", 503, "UNAVAILABLE"),
        ("deadline", 504, "DEADLINE_EXCEEDED"),
    ],
)
def test_errors(painter: Painter, outcome: str, code: int, status: str) -> None:
    """Status and words of the API, whether due or switched on as a fault."""
    painter.next(outcome)
    assert (refusal(painter).code, len(painter.requests())) == (code, 1)
    painter.fault(outcome)
    for _ in range(2):
        refused = refusal(painter)
        assert (refused.code, refused.status) == (code, status)
    painter.fault("none")
    assert ask(painter).parts


def test_errors_that_are_not_json(painter: Painter) -> None:
    """A proxy's words and a page of HTML come with their status."""
    painter.next("overloaded_text")
    assert (refusal(painter).code, "upstream connect error" in str(refusal_words(painter))) == (503, True)
    painter.fault("error_500")
    assert refusal(painter).code == 500


def refusal_words(painter: Painter) -> str:
    painter.next("overloaded_text")
    return str(refusal(painter).message)


def test_models_that_are_there(painter: Painter) -> None:
    """An old model is not found; which there are can be set, here and over the control."""
    assert (refusal(painter, model="gemini-2.5-flash-image").code, painter.requests()) == (404, [])
    painter.models("gemini-next")
    assert "models/gemini-nano-banana-2.1 is not found" in str(refusal(painter).message)
    assert ask(painter, model="gemini-next").parts
    httpx.put(painter.control_url + "/models", json=None, content=b"null", timeout=AMPLE).raise_for_status()
    assert ask(painter).parts
    assert httpx.put(painter.control_url + "/models", json="all", timeout=AMPLE).status_code == 422


@pytest.mark.parametrize(("key", "code"), [("another", 400), ("chave-é", 400)])
def test_a_wrong_key(painter: Painter, key: str, code: int) -> None:
    """Refused in the API's words, and kept from what was asked."""
    url = f"{painter.url}/v1/models/{MODEL}:generateContent"
    body = json.dumps({"contents": [{"parts": [{"text": "A cat"}]}]})
    refused = httpx.post(url, content=body, headers={"x-goog-api-key": key.encode()}, timeout=AMPLE)
    assert refused.status_code == code
    assert refused.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert httpx.post(url, content=body, timeout=AMPLE).json()["error"]["status"] == "PERMISSION_DENIED"
    assert painter.requests() == []


def test_what_is_due_for_some_only(painter: Painter) -> None:
    """An outcome may be for pictures only, for prompts with some words only, and for several answers."""
    painter.next(
        {"outcome": "internal", "containing": "Oil"},
        {"outcome": "overloaded", "kind": "text"},
        {"outcome": "finish_no_image", "times": 2},
    )
    assert [ask(painter).parts is None for _ in range(3)] == [True, True, False]
    with client(painter) as caller, pytest.raises(errors.ServerError, match="overloaded"):
        caller.models.generate_content(model=MODEL, contents="A story")
    assert [one["containing"] for one in httpx.get(painter.control_url + "/next", timeout=AMPLE).json()] == ["Oil"]


@pytest.mark.parametrize(
    "told",
    [
        "nonsense",
        {"seconds": 1},
        {"outcome": "ok", "times": 0},
        {"outcome": "ok", "kind": "sound"},
        {"outcome": "quota", "seconds": "17"},
        {"outcome": "ok", "other": 1},
    ],
)
def test_what_cannot_be_due_is_refused(painter: Painter, told: Any) -> None:
    """A misspelled outcome does not leave a test with a well one: it is told, here and over the control."""
    with pytest.raises(ValueError, match=r"give|there is|is image|number"):
        painter.next(told)
    assert httpx.put(painter.control_url + "/next", json=[told], timeout=AMPLE).status_code == 422
    assert httpx.get(painter.control_url + "/next", timeout=AMPLE).json() == []


def test_every_word_is_an_outcome(painter: Painter) -> None:
    """Each name that the command line tells can be had from the server, and none of them is a picture."""
    answered = [name for name in WORDS if name != "silence"]
    painter.next(*answered)
    url = f"{painter.url}/v1/models/{MODEL}:generateContent"
    body = {"contents": [{"parts": [{"text": "A cat"}]}], "generationConfig": {"responseModalities": ["IMAGE"]}}
    for name in answered:
        answer = httpx.post(url, json=body, headers={"x-goog-api-key": KEY}, timeout=30)
        assert answer.status_code in (200, 400, 404, 429, 500, 503, 504), name
    assert [kept["outcome"] for kept in painter.requests()] == answered


def test_silence_and_refusal(painter: Painter) -> None:
    """No answer ever; then nobody who listens: neither is an error of the API."""
    options = types.HttpOptions(base_url=painter.url, timeout=400)
    for prepare in (lambda: painter.next("silence"), lambda: painter.fault("refused")):
        prepare()
        with genai.Client(api_key=KEY, http_options=options) as caller, pytest.raises(Exception) as caught:
            caller.models.generate_content(model=MODEL, contents="A story")
        assert not isinstance(caught.value, errors.APIError)
    painter.fault("none")
    assert ask(painter).parts


@pytest.mark.parametrize(
    "body", [b"{", b"{}", b"[]", b'{"contents":[]}', b'{"contents":[{"parts":[{"inlineData":{"data":"*"}}]}]}']
)
def test_what_is_no_request(painter: Painter, body: bytes) -> None:
    """400 in the API's form."""
    url = f"{painter.url}/v1/models/{MODEL}:generateContent"
    refused = httpx.post(url, content=body, headers={"x-goog-api-key": KEY}, timeout=AMPLE)
    assert (refused.status_code, refused.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert httpx.get(painter.url + "/v1/nothing", timeout=AMPLE).status_code == 404


def test_the_asynchronous_client(painter: Painter) -> None:
    """The same for a client of an event loop, ten at once."""

    async def calling() -> list[types.GenerateContentResponse]:
        caller = client(painter).aio
        try:
            calls = (
                caller.models.generate_content(model=MODEL, contents=[f"Cat {number}"], config=PICTURE)
                for number in range(10)
            )
            return await asyncio.gather(*calls)
        finally:
            await caller.aclose()

    answers = asyncio.run(calling())
    assert len({part.inline_data.data for one in answers for part in one.parts or [] if part.inline_data}) == 10
    assert {kept["prompt"] for kept in painter.requests()} == {f"Cat {number}" for number in range(10)}
