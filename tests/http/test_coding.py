"""Answers in gzip: whose tag stays strong, and what is never compressed."""

import gzip
from uuid import uuid4

import httpx
import pytest

from esteio.http.coding import compressed
from tests.house import ADMIN_KEY, Served

GZIP = {"Accept-Encoding": "gzip", "X-API-Key": ADMIN_KEY}
PLAIN = {"Accept-Encoding": "identity", "X-API-Key": ADMIN_KEY}
STORY = "Loves long walks, and every pigeon on the way. " * 20


@pytest.fixture(scope="module")
def pet(served: Served) -> str:
    """The address of a pet that takes more than one packet."""
    return f"/api/v2/pets/{served.pet(notes=STORY)['id']}"


def raw(served: Served, path: str, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
    """The answer and its bytes as they came over the wire."""
    with served.anonymous.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def test_each_coding_has_a_strong_tag_of_its_own(served: Served, pet: str) -> None:
    """The gzip form says so, is smaller, tells caches that it varies, and its tag is strong and another one."""
    coded, body = raw(served, pet, GZIP)
    plain, whole = raw(served, pet, PLAIN)
    assert coded.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert len(body) < len(whole) / 2 and gzip.decompress(body).startswith(b'{"success":true')
    assert coded.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
    assert int(coded.headers["content-length"]) == len(body)
    assert "Accept-Encoding" in coded.headers["vary"] and "Accept-Encoding" in plain.headers["vary"]


def test_either_tag_confirms_and_the_answer_names_it(served: Served, pet: str) -> None:
    """If-None-Match with the tag of either coding, strong or weakened on the way, is a 304 under the tag sent."""
    for asked in (GZIP, PLAIN):
        tag = raw(served, pet, asked)[0].headers["etag"]
        for condition in (tag, f"W/{tag}", f'"other", {tag}'):
            for accepted in (GZIP, PLAIN):
                again, body = raw(served, pet, {**accepted, "If-None-Match": condition})
                assert (again.status_code, again.headers["etag"], body) == (304, tag, b"")
                assert "content-encoding" not in again.headers
    assert raw(served, pet, {**GZIP, "If-None-Match": '"0-gzip"'})[0].status_code == 200


def test_the_tag_of_the_gzip_form_is_a_condition_for_a_change(served: Served) -> None:
    """If-Match with the tag that was read in gzip changes the pet once; the second time the pet has changed: 412."""
    path = f"/api/v2/pets/{served.pet(notes=STORY)['id']}"
    tag = raw(served, path, GZIP)[0].headers["etag"]
    assert tag.endswith('-gzip"')
    changed = served.client.patch(path, json={"name": "Max"}, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.text
    refused = served.client.patch(path, json={"name": "Moritz"}, headers={"If-Match": tag})
    assert refused.status_code == 412


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br, gzip; q=0.0", "deflate", "*", "gzipped"])
def test_gzip_is_for_those_who_take_it(served: Served, pet: str, accepted: str) -> None:
    """Whoever does not name gzip, or refuses it, gets the plain form."""
    answer, _ = raw(served, pet, {**PLAIN, "Accept-Encoding": accepted})
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("field", [(b"cache-control", b"no-store"), (b"content-encoding", b"br")])
def test_what_no_cache_may_store_is_not_compressed(field: tuple[bytes, bytes]) -> None:
    """A compressed answer's length tells of a secret in it beside what the caller chose; what is coded stays so."""
    body = b"secret " * 1000
    assert compressed((field,), body, b"gzip") == ((field,), body)
    assert len(compressed(((b"cache-control", b"no-cache"),), body, b"gzip")[1]) < 200


def test_small_answers_and_refusals_are_plain(served: Served) -> None:
    """What fits into one packet is not worth it; a problem keeps the tag of what it is about."""
    small = served.client.get(f"/api/v2/pets/{served.pet(name='A')['id']}")
    assert "content-encoding" not in small.headers
    assert "content-encoding" not in served.client.get(f"/api/v2/pets/{uuid4()}").headers
