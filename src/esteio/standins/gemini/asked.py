"""What a caller of `generateContent` asks for."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from esteio.standins.wire import Request

CALL = re.compile(r"/(?P<version>v1|v1beta|v1alpha)/(?:models/)?(?P<model>[^/:]+):generateContent$")
URL_SAFE = str.maketrans("-_", "+/")


class Unfit(ValueError):
    """The body is none that the API takes; the words are for the caller."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a request, decoded from its base64."""

    media: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    image: a picture is wanted; `aspect` like "3:4" and `size` like "1K" are empty where not told. json: words are to
    be JSON, of that schema where there is one.
    """

    version: str
    model: str
    prompt: str
    pictures: tuple[Picture, ...]
    image: bool
    aspect: str = ""
    size: str = ""
    json: bool = False
    schema: dict[str, Any] = field(default_factory=dict)


def called(request: Request) -> tuple[str, str] | None:
    """Version and model of a call, whatever stands before its path; None where it is no such call."""
    found = CALL.search(request.path)
    return (found["version"], found["model"]) if found and request.method == "POST" else None


def asked(request: Request, version: str, model: str) -> Asked:
    """The request's body read. Raises `Unfit`."""
    try:
        body = request.json()
    except ValueError as error:
        raise Unfit("Invalid JSON payload received.") from error
    told = body.get("contents") if isinstance(body, dict) else None
    parts = [part for content in _listed(told) for part in _listed(_member(content, "parts"))]
    if not parts:
        raise Unfit("GenerateContentRequest.contents: contents is not specified")
    settings = _member(body, "generationConfig", "generation_config")
    image = _member(settings, "imageConfig", "image_config")
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return Asked(
        version,
        model,
        "\n".join(texts),
        tuple(picture for part in parts if (picture := _picture(part))),
        "IMAGE" in _listed(_member(settings, "responseModalities", "response_modalities")),
        str(_member(image, "aspectRatio", "aspect_ratio") or ""),
        str(_member(image, "imageSize", "image_size") or ""),
        _member(settings, "responseMimeType", "response_mime_type") == "application/json",
        _schema(settings),
    )


def _schema(settings: Any) -> dict[str, Any]:
    names = ("responseJsonSchema", "response_json_schema", "responseSchema", "response_schema")
    found = _member(settings, *names)
    return found if isinstance(found, dict) else {}


def _picture(part: Any) -> Picture | None:
    inline = _member(part, "inlineData", "inline_data")
    if not isinstance(inline, dict):
        return None
    letters = str(inline.get("data", "")).translate(URL_SAFE)  # clients send either alphabet
    try:
        data = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except binascii.Error as error:
        raise Unfit("Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding") from error
    return Picture(str(_member(inline, "mimeType", "mime_type") or ""), data)


def _member(holder: Any, *names: str) -> Any:
    """A member by either spelling: the API reads camel and snake case alike."""
    if not isinstance(holder, dict):
        return None
    return next((holder[name] for name in names if holder.get(name) is not None), None)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
