"""What spans never say: secrets, values, addresses' queries, anything of a person."""

from tests.conftest import House
from tests.house import ADMIN_KEY
from tests.telemetry.tracing.collector import spans, traced
from tests.upstream.receiver import Receiver

NAME = "Maria Silva Santos"
MAIL = "maria.silva@example.org"
PASSWORD = "correct horse battery staple 77"


def test_no_secret_and_nothing_of_a_person_is_exported(house: House, collector: Receiver) -> None:
    """After requests that carry them in every place, the bytes that were exported contain none of them."""
    with house(**traced(collector, HEADERS="Authorization=Bearer collectors-own")) as served:
        key = served.key("pets:write")
        client = served.with_key(key)
        answers = [
            served.client.post("/api/v2/users", json={"email": MAIL, "password": PASSWORD, "name": NAME}),
            served.anonymous.post("/api/v2/auth/token", json={"email": MAIL, "password": PASSWORD}),
            served.client.post("/api/v2/pets", json={"name": NAME, "species": "dog"}),
            client.get("/api/v2/pets", params={"q": NAME, "api_key": key}, headers={"User-Agent": "agent-of-maria"}),
            served.anonymous.get(f"/api/v2/pets/{NAME}", headers={"Authorization": f"Bearer {key}x"}),
            served.anonymous.get(f"/api/v2/files/{key}.signed-link"),
            served.anonymous.get(f"/nowhere/{MAIL}/{key}"),
            served.anonymous.get("/api/v2/pets", headers={"X-Request-Id": MAIL.replace("@", ".")}),
        ]
        client.close()
        assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]
    sent = b"".join(request.body for request in collector.requests)
    assert len([span for span in spans(collector) if span.kind == "server"]) >= len(answers)
    hidden = (
        key,
        key[12:],
        ADMIN_KEY,
        NAME,
        NAME.replace(" ", "%20"),
        MAIL,
        MAIL.replace("@", "."),
        PASSWORD,
        "agent-of-maria",
        "signed-link",
    )
    for secret in (*hidden, "collectors-own", "127.0.0.1"):
        assert secret.encode() not in sent, secret
    routes = {span.attributes.get("http.route"): span.attributes.get("url.path") for span in spans(collector)}
    assert routes["/api/v2/pets/{pet_id}"] == "/api/v2/pets/{pet_id}"
    assert routes["/api/v2/files/{token}"] == "/api/v2/files/{token}"
    assert None in routes


def test_a_path_shows_ids(house: House, collector: Receiver) -> None:
    """Numbers and ids of a path are shown, so that one can find what a slow request was about."""
    with house(**traced(collector)) as served:
        pet = served.pet()
        served.client.get(f"/api/v2/pets/{pet['id']}", params={"fields": "name"})
    (seen,) = [span for span in spans(collector) if span.name == "GET /api/v2/pets/{pet_id}"]
    assert seen.attributes["url.path"] == f"/api/v2/pets/{pet['id']}"
    assert "url.query" not in seen.attributes
