"""Secrets in free text: each notation of them is masked as a whole, prose around the same words is not."""

from time import process_time

import pytest

from esteio.telemetry.masking import beginning, mask_text
from esteio.telemetry.shapes import MASK
from esteio.telemetry.tracing.rendering import LONGEST, shown

WEB_TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("password: hunter2", f"password: {MASK}"),
        ("password: swordfish", f"password: {MASK}"),
        ("refused, password: hun,ter2 for maria", f"refused, password: {MASK} for maria"),
        ('password="two words" given', f'password="{MASK}" given'),
        ("x-api-key: 0123", f"x-api-key: {MASK}"),
        ("X-Api-Key: abcdef", f"X-Api-Key: {MASK}"),
        ("Set-Cookie: session=abc,def; Path=/", f"Set-Cookie: {MASK}"),
        ('Cookie: a=b; session="c d"', f"Cookie: {MASK}"),
        ("Authorization: Basic dTpw", f"Authorization: {MASK}"),
        ('Authorization: Digest username="u", response="0a"', f"Authorization: {MASK}"),
        ("[(b'authorization', b'Basic dTpw'), (b'host', b'x')]", f"[(b'authorization', b'{MASK}'), (b'host', b'x')]"),
        ("https://a.example/x?p=1&sig=a%2Bb&y=2", f"https://a.example/x?p=1&sig={MASK}&y=2"),
        ("redis://u:a/b@h:6379/0", f"redis://{MASK}@h:6379/0"),
        ("redis://u:a//b@h", f"redis://{MASK}@h"),
        ("postgresql://u:p@ss@db/x", f"postgresql://{MASK}@db/x"),
        ("redis://a:p@one,redis://b:q@two", f"redis://{MASK}@one,redis://{MASK}@two"),
        ("amqp://u@corp:p@h", f"amqp://{MASK}@h"),
        ("key est_live_AB_CD of", f"key {MASK} of"),
        (r'{"password": "ab\"cd", "x": 1}', f'{{"password": "{MASK}", "x": 1}}'),
        (r'{"password": "ab\\", "x": "y"}', f'{{"password": "{MASK}", "x": "y"}}'),
        (r'"{\"token\": \"ab\\\"cd\", \"x\": 1}"', rf'"{{\"token\": \"{MASK}\", \"x\": 1}}"'),
        ('{"password": 12345, "x": 1}', f'{{"password": {MASK}, "x": 1}}'),
        (f"of {WEB_TOKEN} is", f"of {MASK} is"),
    ],
)
def test_a_secret_is_masked_as_a_whole(given: str, left: str) -> None:
    """No part of the value is shown, and what stands around it is."""
    assert mask_text(given) == left


@pytest.mark.parametrize(
    "text",
    [
        "password: must be at least 12 characters",
        "password: required",
        "token: expired",
        "invalid token: signature expired",
        "The secret: nobody knows it",
        "the password: see https://docs.example.org/errors/weak",
        "Send Authorization: Bearer <key>.",
        "authorization: denied by policy",
        "No cookie: the session ended",
        "'token' is unknown, \"password\" too",
        '{"password": null, "x": 1}',
        "('body', 'password', 'maria')",
        "tokens: 1523 in, 20 out",
        "redis://localhost:6379/0",
        '{"url":"redis://localhost:6379/0","by":"a@"}',
        "http://localhost:8000/files/@maria",
        "cursor=eyJpZCI6MTIzNDU2fQ next",
        "significance&signal=3",
        "idempotency-key: abc-123",
    ],
)
def test_prose_is_shown(text: str) -> None:
    """Sentences about secrets, and addresses without one, stay as they are."""
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "piece",
    ["eyJ", "eyJaaaaa.", "://a:", "redis://a/b:c", "cookie:", "token:", '"token', '"token": "\\"', "x-", "&sig"],
)
def test_the_work_grows_with_the_length_alone(piece: str) -> None:
    """A text made to be slow costs, eight times as long, less than eight times eight times as much."""
    short, long = (_cost((piece * size)[:size]) for size in (4_000, 32_000))
    assert long < max(24 * short, 0.02)


def _cost(text: str) -> float:
    """Seconds of this process, the least of some."""
    costs = []
    for _ in range(3):
        began = process_time()
        mask_text(text)
        costs.append(process_time() - began)
    return min(costs)


def test_a_span_s_value_is_cut_before_it_is_masked() -> None:
    """However long a value is, the work for it is bounded; a secret across the cut shows no part of itself."""
    began = process_time()
    assert shown("password: hunter2 " + "x" * 50_000_000).startswith(f"password: {MASK} x")
    assert process_time() - began < 0.5
    for before in range(LONGEST - 40, LONGEST):
        assert "Z" * 3 not in shown("-" * before + " est_live_" + "Z" * 36)


def test_masks_bring_no_half_secret_into_sight() -> None:
    """What shrinks in front of the cut does not show what the cut has halved."""
    text = f"{'est_live_' + 'a' * 500} redis://u:{'hunter' * 90}@h"
    assert "hunter" not in beginning(text, 512)
    assert "eyJ" not in beginning(f"of eyJhbGciOiJFUzI1NiJ9.{'e' * 2000}.c2ln", 512)
