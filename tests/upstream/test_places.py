"""Where a path leads, whatever is put into it."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.upstream.guard import UrlRefused
from esteio.upstream.places import Place

BASE = "https://shop.example.com:8443/api/v2?key=1"


@given(st.text(max_size=40))
def test_a_segment_changes_nothing_but_itself(text: str) -> None:
    """A segment from anybody never changes scheme, host, port, the path before it or the query."""
    if text in (".", ".."):
        return
    url = urlsplit(str(Place(BASE).to(("products", text), {"a": "b"})))
    assert (url.scheme, url.netloc, url.query, url.fragment) == ("https", "shop.example.com:8443", "key=1&a=b", "")
    head, _, last = url.path.rpartition("/")
    assert head == "/api/v2/products"
    assert unquote(last, errors="replace") == text.encode("utf-8", "replace").decode()


@given(st.text(max_size=40))
def test_a_path_stays_below(text: str) -> None:
    """A path that anybody has written stays on the host and below the party's path, or is refused."""
    try:
        url = urlsplit(str(Place(BASE).to("/products/" + text)))
    except UrlRefused:
        assert {".", ".."} & set(text.split("/"))
        return
    assert (url.netloc, url.query) == ("shop.example.com:8443", "key=1")
    assert url.path.startswith("/api/v2/products/")
    assert not {".", ".."} & set(url.path.split("/"))


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/products/7", "/api/v2/products/7"),
        ("/products/category/men's clothing", "/api/v2/products/category/men's%20clothing"),
        ("/products/7?admin=1#x", "/api/v2/products/7%3Fadmin=1%23x"),
        ("/products/%2e%2e/users", "/api/v2/products/%252e%252e/users"),
        ("//evil.example.com/x", "/api/v2//evil.example.com/x"),
        ("/@evil.example.com", "/api/v2/@evil.example.com"),
        ("/a\\..\\b\r\nx: y", "/api/v2/a%5C..%5Cb%0D%0Ax:%20y"),
        (("a/b", "c"), "/api/v2/a%2Fb/c"),
    ],
)
def test_what_is_encoded(path: str | tuple[str, ...], where: str) -> None:
    """All that could be read as something else than a part of a path is encoded."""
    url = Place(BASE).to(path)
    assert (url.host, url.raw_path.decode()) == ("shop.example.com", where + "?key=1")


@pytest.mark.parametrize("path", ["/../users", "/products/..", "/./x", ("products", ".."), "products", "https://x/y"])
def test_what_is_refused(path: str | tuple[str, ...]) -> None:
    """A path that climbs, or does not begin at the party's own, is refused."""
    with pytest.raises(UrlRefused):
        Place(BASE).to(path)


def test_parameters_are_encoded() -> None:
    """Parameters become parts of the query and nothing else."""
    url = Place("https://shop.example.com").to("/x", {"q": "a&b=c#d", "é": " "})
    assert url.raw_path == b"/x?q=a%26b%3Dc%23d&%C3%A9=+"
