"""The pages for people, as a browser without credentials meets them."""

import gzip

import pytest

from esteio.http.gate.headers import PAGE_CSP
from esteio.http.times import http_date
from tests.conftest import House
from tests.documents.markup_reading import Page
from tests.house import Served

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
PAGES = (
    "/",
    "/docs",
    "/docs?version=v1",
    "/redoc",
    "/redoc?version=v1",
    "/errors",
    "/errors/rate-limited",
    "/docs/deprecations",
)


def page(served: Served, path: str) -> Page:
    answer = served.anonymous.get(path, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


class TestUnderThePolicy:
    @pytest.mark.parametrize("path", PAGES)
    def test_policy(self, served: Served, path: str) -> None:
        """Every page is sent with the strict policy for pages, exactly, and costs neither credentials nor quota."""
        answer = served.anonymous.get(path, headers=BROWSER)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"] == PAGE_CSP.decode()
        assert not [name for name in answer.headers if "ratelimit" in name]

    @pytest.mark.parametrize("path", PAGES)
    def test_nothing_inline(self, served: Served, path: str) -> None:
        """No page holds a script, a style, a style attribute or an event handler of its own."""
        found = page(served, path)
        assert found.inline == []
        assert "main" in found.tags or "swagger-ui" in found.ids

    @pytest.mark.parametrize("path", PAGES)
    def test_own_files_only(self, served: Served, path: str) -> None:
        """Every file and page that a page links is on this host and answers 200."""
        found = page(served, path)
        assert found.files
        for target in found.files | found.links:
            if target.startswith("#"):
                continue
            assert target.startswith("/"), target
            assert not target.startswith("//"), target
            assert served.anonymous.get(target.partition("#")[0]).status_code == 200, target


class TestLinkedFiles:
    @pytest.mark.parametrize(
        "name", ["nope.css", "swagger-ui-bundle.js.map", "..%2fdocuments%2froutes.py", "%2e%2e", "page.css%00"]
    )
    def test_closed_list(self, served: Served, name: str) -> None:
        """What is not in the list of files is a 404, whatever lies on the disk."""
        assert served.anonymous.get(f"/docs/assets/{name}").status_code == 404

    def test_kept_by_digest(self, served: Served) -> None:
        """With the digest of its bytes a file may be kept for a year; without or with another it is asked for again."""
        named = next(target for target in page(served, "/").files if "page.css" in target)
        assert "immutable" in served.anonymous.get(named).headers["cache-control"]
        for other in ("/docs/assets/page.css", "/docs/assets/page.css?v=0"):
            assert served.anonymous.get(other).headers["cache-control"] == "no-cache"

    def test_same_bytes_compressed(self, served: Served) -> None:
        """A caller that takes gzip gets the same bytes in less, under a tag of their own."""
        path = "/docs/assets/swagger-ui-bundle.js"
        plain = served.anonymous.get(path, headers={"Accept-Encoding": "identity"})
        refused = served.anonymous.get(path, headers={"Accept-Encoding": "gzip;q=0"})
        with served.anonymous.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            raw = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["etag"] != plain.headers["etag"] == refused.headers["etag"]
        assert gzip.decompress(raw) == plain.content == refused.content
        assert len(raw) < len(plain.content) / 2

    @pytest.mark.parametrize(
        "path", ["/docs/assets/page.css", "/redoc", "/api/v1/openapi.json", "/api/v2/openapi.json"]
    )
    @pytest.mark.parametrize("coding", ["identity", "gzip"])
    def test_not_sent_twice(self, served: Served, path: str, coding: str) -> None:
        """Whoever has the bytes is told so with 304 and nothing else."""
        headers = {"Accept-Encoding": coding}
        first = served.anonymous.get(path, headers=headers)
        again = served.anonymous.get(path, headers=headers | {"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert "Accept-Encoding" in again.headers["vary"]


class TestOpenApi:
    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_document(self, served: Served, version: str) -> None:
        """Each version's document is public, is JSON of OpenAPI 3.1, and names only what its version has."""
        answer = served.anonymous.get(f"/api/{version}/openapi.json")
        assert answer.headers["content-type"] == "application/json"
        document = answer.json()
        assert document["openapi"].startswith("3.1")
        assert any(path.startswith(f"/api/{version}/") for path in document["paths"])
        other = "v1" if version == "v2" else "v2"
        assert not any(path.startswith(f"/api/{other}/") for path in document["paths"])


class TestReference:
    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_complete(self, served: Served, version: str) -> None:
        """Every operation, webhook and schema of the document stands on the page, and every jump on it has a target."""
        found = page(served, f"/redoc?version={version}")
        document = served.anonymous.get(f"/api/{version}/openapi.json").json()
        for path, methods in document["paths"].items():
            assert path in found.text
            for said in methods.values():
                assert said["summary"] in found.text
        for name in (*document["webhooks"], *document["components"]["schemas"]):
            assert name in found.text
        assert len(found.ids) == len(set(found.ids))
        jumps = {target[1:] for target in found.links if target.startswith("#")}
        assert jumps <= set(found.ids)
        assert len(jumps) > 10


class TestDeprecations:
    def test_what_the_header_leads_to(self, served: Served) -> None:
        """`Link` of a deprecated operation leads to its entry, with the dates that the headers say."""
        answer = served.client.get("/api/v1/pets/search", params={"q": "Rex"})
        target = answer.links["deprecation"]["url"].removeprefix("https://api.example.org")
        path, _, anchor = target.partition("#")
        found = page(served, path)
        assert anchor in found.ids
        assert "/api/v1/pets/search" in found.text
        deprecation = next(item.rules.deprecation for item in served.app.table if item.path == "/api/v1/pets/search")
        assert deprecation is not None
        assert answer.headers["sunset"] == http_date(deprecation.sunset)
        assert deprecation.sunset.date().isoformat() in found.text
        assert deprecation.since.date().isoformat() in found.text


class TestNotFound:
    @pytest.mark.parametrize("path", ["/docs?version=v9", "/redoc?version=../v2", "/errors/nope", "/errors/..%2fadr"])
    def test_unknown(self, served: Served, path: str) -> None:
        """An unknown version or kind of error is a 404, for a browser as a page."""
        answer = served.anonymous.get(path, headers=BROWSER)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")


class TestSettings:
    def test_readers_are_off(self, house: House) -> None:
        """A reader that is switched off is a 404, is linked nowhere, and its files are not served."""
        with house(HTTP__SWAGGER_UI="false", HTTP__REDOC="false") as served:
            for path in ("/docs", "/redoc", "/docs/assets/swagger-ui-bundle.js", "/docs/assets/swagger.js"):
                assert served.anonymous.get(path).status_code == 404, path
            assert not page(served, "/").links & {"/docs", "/redoc"}
            assert served.anonymous.get("/docs/assets/page.css").status_code == 200

    def test_below_a_path(self, house: House) -> None:
        """Below a public URL with a path, every address on a page begins with that path."""
        with house(HTTP__PUBLIC_URL="https://example.org/esteio") as served:
            for path in PAGES:
                found = page(served, path)
                assert all(target.startswith(("/esteio/", "#")) for target in found.files | found.links), path
