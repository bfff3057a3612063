"""The shop's routes over HTTP, with the oddities that its clients have to live with."""

from decimal import Decimal
from typing import Any

import httpx
import jwt
import pytest

from esteio.standins.fakestore import Shop, running_fakestore
from tests.house import AMPLE

CATEGORIES = ["electronics", "jewelery", "men's clothing", "women's clothing"]
SILENT = [
    ("GET", "/products/abc", None),
    ("GET", "/carts/abc", None),
    ("GET", "/carts/user/abc", None),
    ("DELETE", "/users/abc", None),
    ("POST", "/auth/login", {"username": "anahi1"}),
    ("POST", "/users", {"username": "new"}),
]


def numbers(answer: httpx.Response) -> list[int]:
    return [row["id"] for row in answer.json()]


def test_products_have_the_shape_that_clients_expect(caller: httpx.Client) -> None:
    """Twenty products: whole and broken prices, titles with a blank at the end, some without a rating."""
    answer = caller.get("/products")
    products: list[dict[str, Any]] = answer.json()
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert numbers(answer) == list(range(1, 21))
    for product in products:
        assert {*product} - {"rating"} == {"id", "title", "price", "description", "category", "image"}
        assert Decimal(str(product["price"])).as_tuple().exponent >= -2
        assert product["image"].startswith("https://images.example.org/")
        assert {*product.get("rating", {"rate", "count"})} == {"rate", "count"}
    assert {type(product["price"]) for product in products} == {int, float}
    assert sum(product["title"].endswith(" ") for product in products) == 5
    assert 0 < sum("rating" not in product for product in products) < 20
    assert {product["category"] for product in products} == set(CATEGORIES)


def test_one_product(caller: httpx.Client) -> None:
    """By its number, also written as a broken number or with a slash behind it."""
    assert caller.get("/products/7").json() == caller.get("/products").json()[6]
    assert caller.get("/products/7.0/").json()["id"] == 7


@pytest.mark.parametrize("path", ["/products/999", "/products/0", "/products/1.5", "/carts/999", "/users/999"])
def test_an_unknown_number_is_answered_with_nothing(caller: httpx.Client, path: str) -> None:
    """200 and an empty body, which is no JSON."""
    answer = caller.get(path)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=3", [1, 2, 3]),
        ("limit=0", list(range(1, 21))),
        ("limit=abc", list(range(1, 21))),
        ("limit=-2", [1, 2]),
        ("sort=desc", list(range(20, 0, -1))),
        ("sort=DESC&limit=2", [1, 2]),
        ("sort=price&limit=2", [1, 2]),
        ("sort=desc&limit=2", [20, 19]),
        ("limit=5&limit=2", [1, 2]),
    ],
)
def test_limit_and_sort_are_what_they_are(caller: httpx.Client, query: str, expected: list[int]) -> None:
    """Only the exact word `desc` turns the order; a limit that is no number is none."""
    assert numbers(caller.get(f"/products?{query}")) == expected


def test_categories(caller: httpx.Client) -> None:
    """Four, spelled as clients know them; each lists its own products, an unknown one none."""
    assert caller.get("/products/categories").json() == CATEGORIES
    lists = {name: caller.get(f"/products/category/{name}").json() for name in CATEGORIES}
    assert sum(map(len, lists.values())) == 20
    assert all(product["category"] == name for name, found in lists.items() for product in found)
    assert numbers(caller.get("/products/category/men%27s%20clothing?limit=1&sort=desc")) == [5]
    assert caller.get("/products/category/jewellery").json() == []


def test_carts(caller: httpx.Client) -> None:
    """All, one, those of a user, those of some days."""
    cart = caller.get("/carts/1").json()
    assert {*cart} == {"id", "userId", "date", "products", "__v"}
    assert {*cart["products"][0]} == {"productId", "quantity"}
    assert numbers(caller.get("/carts")) == [1, 2, 3, 4, 5, 6, 7]
    assert numbers(caller.get("/carts?limit=2&sort=desc")) == [7, 6]
    assert numbers(caller.get("/carts?startdate=2024-02-20&enddate=2024-03-09")) == [3, 4, 5]
    assert numbers(caller.get("/carts/user/1")) == [1, 2]
    assert caller.get("/carts/user/999").json() == []


def test_users_and_login(caller: httpx.Client) -> None:
    """Users are told with their passwords, which open the door; wrong ones are refused in plain words."""
    user = caller.get("/users/3").json()
    assert {*user} == {"id", "email", "username", "password", "name", "address", "phone", "__v"}
    assert isinstance(user["address"]["geolocation"]["lat"], str)
    assert len(caller.get("/users").json()) == 10
    told = {"username": user["username"], "password": user["password"]}
    token = caller.post("/auth/login", json=told).json()["token"]
    assert jwt.decode(token, options={"verify_signature": False}) == {"sub": 3, "user": "ingrid3"}
    refused = caller.post("/auth/login", json=told | {"password": "wrong"})
    assert (refused.status_code, refused.text) == (401, "username or password is incorrect")
    assert refused.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "echo"),
    [
        ("POST", "/products", {"title": "New", "price": "12.50", "colour": "red"}, 201, {"title": "New", "id": 21}),
        ("PUT", "/products/999x", {"title": "Other"}, 200, {"title": "Other", "id": 999}),
        ("PATCH", "/products/abc", {}, 200, {"id": None}),
        ("POST", "/carts", {"userId": 5}, 201, {"userId": 5, "id": 11}),
        ("PATCH", "/carts/3", {"products": []}, 200, {"products": [], "id": 3}),
        ("PUT", "/users/2", {"email": "x@example.org"}, 200, {"email": "x@example.org", "id": 2}),
    ],
)
def test_what_is_sent_is_echoed(
    caller: httpx.Client, method: str, path: str, body: dict[str, Any], status: int, echo: dict[str, Any]
) -> None:
    """Known members come back with a number, a price as the text it was sent as; unknown members are dropped."""
    answer = caller.request(method, path, json=body)
    expected = echo | ({"price": body["price"]} if "price" in body else {})
    assert (answer.status_code, answer.json()) == (status, expected)


def test_nothing_that_is_sent_is_stored(caller: httpx.Client) -> None:
    """What was deleted, changed or made is as it was; deleting answers what was asked to go, or null."""
    before = caller.get("/products").json()
    assert caller.delete("/products/4").json() == before[3]
    assert caller.delete("/products/999").text == "null"
    caller.put("/products/4", json={"title": "Other"})
    caller.post("/products", json={"title": "New"})
    place = {"geolocation": {"lat": "1", "long": "2"}}
    assert caller.post("/users", json={"username": "new", "address": place}).json()["id"] == 11
    assert caller.get("/products").json() == before
    assert len(caller.get("/users").json()) == 10


@pytest.mark.parametrize(("method", "path", "body"), SILENT)
def test_what_the_real_server_chokes_on_is_never_answered(
    shop: Shop, method: str, path: str, body: dict[str, str] | None
) -> None:
    """The connection stays open and silent; other callers are answered meanwhile."""
    with pytest.raises(httpx.ReadTimeout):
        httpx.request(method, shop.url + path, json=body, timeout=httpx.Timeout(15, read=0.3))
    assert shop.calls(path) == 1
    assert httpx.get(shop.url + "/products/1", timeout=AMPLE).status_code == 200


def test_pages_for_what_is_no_request_of_the_shop(caller: httpx.Client) -> None:
    """404 and 400 are HTML pages; HEAD has no body."""
    for answer, status in (
        (caller.get("/orders"), 404),
        (caller.delete("/products"), 404),
        (caller.post("/products", content=b"{"), 400),
        (caller.post("/auth/login", content=b"{"), 400),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    head = caller.head("/products")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(caller.get("/products").content)


def test_products_change_while_it_runs(shop: Shop, caller: httpx.Client) -> None:
    """A test takes products away, changes and adds them, and finds all as it was after a reset."""
    shop.remove(3)
    shop.change(2, price="free", rating=None)
    shop.change(77, title="Only a title")
    products = caller.get("/products").json()
    assert [row["id"] for row in products] == [1, 2, *range(4, 21), 77]
    assert (products[1]["price"], products[1]["rating"]) == ("free", None)
    assert caller.get("/products/77").json() == {"id": 77, "title": "Only a title"} == shop.product(77)
    assert caller.get("/products/3").content == b""
    with pytest.raises(KeyError):
        shop.remove(3)
    shop.reset()
    assert numbers(caller.get("/products")) == list(range(1, 21))
    assert [row["id"] for row in shop.products()] == list(range(1, 21))
    assert caller.get("/products/2").json()["price"] == 19


def test_two_shops_know_nothing_of_each_other(shop: Shop) -> None:
    """What one has lost or counted, the other has not."""
    with running_fakestore() as other:
        other.remove(1)
        assert httpx.get(other.url + "/products/1", timeout=AMPLE).content == b""
        assert httpx.get(shop.url + "/products/1", timeout=AMPLE).json()["id"] == 1
        assert (other.calls(), shop.calls()) == (1, 1)
    with pytest.raises(httpx.ConnectError):
        httpx.get(other.url, timeout=AMPLE)
