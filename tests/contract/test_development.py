"""What is played of the outside: where it is shown, to whom, and what can be done with it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from schemathesis.specs.openapi.definitions import OPENAPI_31

from esteio.http.openapi import statuses
from esteio.http.routing import Operation
from tests.conftest import House
from tests.contract.playing import BASE, PICTURE, Stage, operations, playing, written
from tests.contract.problems import documented, problem
from tests.contract.test_fuzz import configured, fuzzed
from tests.house import NO_TLS, Served

MAILS, PARTIES, PAYMENTS = f"{BASE}/mails", f"{BASE}/stand-ins", f"{BASE}/payments"
MADE_UP = {"name": "fakestore", "fault": "error_500", "act": "forget", "number": "1"}


@pytest.fixture(scope="module")
def stage(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with playing(house, tmp_path_factory.mktemp("parties"), LIMITS__ENABLED="false") as found:
        yield found


@pytest.fixture(autouse=True)
def anew(stage: Stage) -> None:
    """No mail, no fault, no payment."""
    for party in (stage.sink, stage.market, stage.shop):
        party.reset()


def path_of(operation: Operation, **given: str) -> str:
    return operation.path.format(**{name: {**MADE_UP, **given}.get(name, "0" * 20) for name in operation.names})


def body_of(operation: Operation) -> Any:
    return {"outcome": "approve"} if operation.path.startswith(PAYMENTS) else {}


def call(client: httpx.Client, operation: Operation, path: str) -> httpx.Response:
    more = {"json": body_of(operation)} if operation.takes_json else {}
    return client.request(operation.method, path, **more)


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


class TestWhereItIs:
    @pytest.mark.parametrize("settings", [{}, {"ENVIRONMENT": "production"}])
    def test_elsewhere_it_is_not_there(
        self, house: House, stage: Stage, tmp_path: Path, settings: dict[str, str]
    ) -> None:
        """Without the file's name, and in production even with it, each address is one that there is nothing at."""
        if settings:
            settings["DEVELOPMENT__STAND_INS"] = str(written({}, tmp_path))
        with house(**settings) as served:
            assert operations(served) == []
            for operation in operations(stage.served):
                answer = call(served.client, operation, path_of(operation))
                problem(answer, 404, "NOT_FOUND")
                assert call(served.anonymous, operation, path_of(operation)).status_code == 404
            for version in ("v1", "v2"):
                assert "development" not in served.anonymous.get(f"/api/{version}/openapi.json").text
            role = served.client.post("/api/v2/roles", json={"name": "dev", "permissions": ["development:use"]})
            problem(role, 422)

    def test_the_document_has_it_where_it_is(self, stage: Stage) -> None:
        """There the document is one of OpenAPI, with each operation, its permission and every refusal."""
        document = stage.served.anonymous.get("/api/v2/openapi.json").json()
        errors = jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(document)
        assert [str(error) for error in errors] == []
        for operation in operations(stage.served):
            said = document["paths"][operation.path][operation.method.lower()]
            assert said["summary"]
            assert said["x-permission"] == "development:use"
            assert {str(status) for status in statuses(operation)} <= set(said["responses"])


class TestWhoMay:
    def test_operators_alone(self, stage: Stage) -> None:
        """Nobody, a key without it, and the administrator of another tenant are refused each operation alike."""
        served = stage.served
        first = {"email": "boss@there.example", "name": "Boss", "password": "correct horse battery"}
        data(served.client.post("/api/v2/tenants", json={"slug": "there", "name": "There", "admin": first}), 201)
        login = {"email": first["email"], "password": first["password"]}
        token = data(served.anonymous.post("/api/v2/auth/login", json=login))["access_token"]
        elsewhere = httpx.Client(
            base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=30, verify=NO_TLS
        )
        with served.with_key(served.key("pets:write")) as poor, elsewhere:
            for operation in operations(served):
                path = path_of(operation)
                problem(call(served.anonymous, operation, path), 401, "UNAUTHENTICATED")
                for client in (poor, elsewhere):
                    answer = call(client, operation, path)
                    problem(answer, 403, "FORBIDDEN")
                    documented(operation, answer)

    def test_the_permission_alone_is_enough(self, stage: Stage) -> None:
        """A key of the default tenant that holds the permission reads mails and stand-ins."""
        with stage.served.with_key(stage.served.key("development:use")) as client:
            assert data(client.get(MAILS)) == []
            assert len(data(client.get(PARTIES))) == 5


class TestMails:
    def test_the_newest_first_by_page(self, stage: Stage) -> None:
        """Mails are listed from the newest on, in pages that know how many there are."""
        ids = [stage.mail(f"Letter {number}") for number in range(3)]
        answer = stage.client.get(MAILS, params={"per_page": 2})
        assert [one["id"] for one in data(answer)] == [ids[2], ids[1]]
        assert answer.json()["meta"]["pagination"]["total"] == 3
        following = next(link["href"] for link in answer.json()["links"] if link["rel"] == "next")
        [last] = data(stage.client.get(following))
        assert (last["subject"], last["sender"], last["to"]) == ("Letter 0", "house@example.org", ["maria@example.org"])

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"to": "ANA@example.org"}, ["Welcome"]),
            ({"to": "ana"}, []),
            ({"search": "ANA@"}, ["Welcome"]),
            ({"search": "BOOK"}, ["Your book"]),
            ({"search": "house@"}, ["Welcome", "Your book"]),
            ({"search": "welcome", "to": "maria@example.org"}, []),
        ],
    )
    def test_search(self, stage: Stage, asked: dict[str, str], found: list[str]) -> None:
        """By exactly one recipient, or by a part of who wrote to whom about what."""
        stage.mail("Your book")
        stage.mail("Welcome", "ana@example.org")
        assert [one["subject"] for one in data(stage.client.get(MAILS, params=asked))] == found

    def test_it_is_cheap_to_ask_again(self, stage: Stage) -> None:
        """Whoever has the list is told so, until a mail comes or goes."""
        stage.mail()
        tag = stage.client.get(MAILS).headers["etag"]
        assert stage.client.get(MAILS, headers={"If-None-Match": tag}).status_code == 304
        second = stage.mail()
        assert stage.client.get(MAILS, headers={"If-None-Match": tag}).status_code == 200
        assert stage.client.delete(f"{MAILS}/{second}").status_code == 204
        assert stage.client.get(MAILS).headers["etag"] == tag

    def test_reading(self, stage: Stage) -> None:
        """Headers as they were written, text and HTML decoded, attachments named; the HTML is not touched."""
        html = "<p onclick='x()'>Olá <script>alert(1)</script></p>\n"
        mail = data(stage.client.get(f"{MAILS}/{stage.mail('Ação — 犬', html=html)}"))
        assert (mail["subject"], mail["text"], mail["html"]) == ("Ação — 犬", "Em texto: ção\n", html)
        assert {"name": "Subject", "value": "Ação — 犬"} in mail["headers"]
        assert mail["cut"] is False
        [attached] = mail["attachments"]
        assert attached == {
            "number": 1,
            "name": 'a "book" ção.html',
            "media_type": "image/png",
            "size": len(PICTURE),
            "content_id": "cover@house",
        }

    def test_an_attachment_is_only_ever_saved(self, stage: Stage) -> None:
        """Bytes under a name that cannot break the header, as no type that a browser would show or run."""
        answer = stage.client.get(f"{MAILS}/{stage.mail()}/attachments/1")
        assert answer.content == PICTURE
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        said = answer.headers["content-disposition"]
        assert said.startswith('attachment; filename="a _book_')
        assert "filename*=UTF-8''a%20%22book%22%20%C3%A7%C3%A3o.html" in said
        assert "default-src 'none'" in answer.headers["content-security-policy"]

    def test_the_mail_itself(self, stage: Stage) -> None:
        """Word for word as it was sent."""
        number = stage.mail()
        answer = stage.client.get(f"{MAILS}/{number}/source")
        assert answer.content == stage.sink.raw(number)
        assert answer.headers["content-disposition"].startswith(f'attachment; filename="{number}.eml"')

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe\x00 no mail at all",
            b"Content-Type: text/plain; charset=no-such\r\n\r\nol\xe1",
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed; boundary=x",
            b"Subject: =?utf-8?b?gg?=\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
            b"To: <<<@\r\nDate: never\r\nContent-Disposition: attachment; filename*=a''%ff\r\n\r\nx",
            b"Content-ID: \xed\xa0\x80\r\nContent-Type: image/png; name*0*=x''%\r\n\r\nx",
        ],
    )
    def test_no_mail_is_too_odd(self, stage: Stage, content: bytes) -> None:
        """Whatever was sent can be read, and is listed."""
        kept = stage.sink.do(lambda: stage.sink._site.box.keep(content, "a@b", ["c@d"], tls=False, user=""))
        assert data(stage.client.get(f"{MAILS}/{kept.id}"))["id"] == kept.id
        assert [one["id"] for one in data(stage.client.get(MAILS))] == [kept.id]

    def test_deleting(self, stage: Stage) -> None:
        """One goes by its id, all go together, and what is gone is not found."""
        first, second = stage.mail(), stage.mail()
        assert stage.client.delete(f"{MAILS}/{first}").status_code == 204
        assert [one["id"] for one in data(stage.client.get(MAILS))] == [second]
        for place in (first, "no-such", "..", f"{first}/source", f"{first}/attachments/1", f"{second}/attachments/2"):
            problem(stage.client.get(f"{MAILS}/{place.replace('..', '%2e%2e')}"), 404, "NOT_FOUND")
        assert stage.client.delete(MAILS).status_code == 204
        assert data(stage.client.get(MAILS)) == []


class TestStandIns:
    def test_who_is_played(self, stage: Stage) -> None:
        """Each party by name, where it is and how it is; one that does not answer is silent, and holds up nobody."""
        found = {one["name"]: one for one in data(stage.client.get(PARTIES))}
        assert {name: one["state"] for name, one in found.items()} == {
            "smtp": "playing",
            "mercadopago": "playing",
            "fakestore": "playing",
            "oidc": "playing",
            "gone": "silent",
        }
        assert found["fakestore"]["url"] == stage.shop.url
        assert "rcpt_550" in {one["fault"] for one in found["smtp"]["faults"]}
        assert [one["act"] for one in found["mercadopago"]["acts"]] == ["hold", "release", "forget", "reset"]
        problem(stage.client.get(f"{PARTIES}/gemini"), 404, "NOT_FOUND")

    def test_a_fault_is_met_and_ends(self, stage: Stage) -> None:
        """Whoever calls the party meets the fault from then on, on its path only, until it is switched off."""
        switched = data(stage.client.put(f"{PARTIES}/fakestore/faults/error_500", json={"path": "/products"}))
        assert switched["switched"] == [{"fault": "error_500", "path": "/products", "seconds": None}]
        assert httpx.get(f"{stage.shop.url}/products/1").status_code == 500
        assert httpx.get(f"{stage.shop.url}/users/1").status_code == 200
        place = f"{PARTIES}/fakestore/faults/error_500"
        problem(stage.client.delete(place, params={"path": "/users"}), 404, "NOT_FOUND")
        assert stage.client.delete(place).status_code == 204
        assert httpx.get(f"{stage.shop.url}/products/1").status_code == 200
        problem(stage.client.delete(place), 404, "NOT_FOUND")

    def test_a_shut_port_opens_again(self, stage: Stage) -> None:
        """Refused connections are a fault as any other: the control is still reached."""
        place = f"{PARTIES}/fakestore/faults/refused"
        assert data(stage.client.put(place, json={}))["state"] == "refusing"
        with pytest.raises(httpx.ConnectError):
            httpx.get(stage.shop.url)
        assert stage.client.delete(f"{PARTIES}/fakestore/faults").status_code == 204
        assert httpx.get(f"{stage.shop.url}/products/1").status_code == 200

    @pytest.mark.parametrize("body", [{"path": "products"}, {"seconds": 3}, {"seconds": 0}, {"fault": "hang"}])
    def test_what_a_fault_does_not_take(self, stage: Stage, body: dict[str, Any]) -> None:
        """A path that is none, seconds where none are taken, and strange members are refused in words."""
        answer = stage.client.put(f"{PARTIES}/fakestore/faults/error_500", json=body)
        assert problem(answer, 422)["detail"]
        assert data(stage.client.get(f"{PARTIES}/fakestore"))["switched"] == []

    @pytest.mark.parametrize("fault", ["none", "no_such", "%2e%2e", "a%2Fb"])
    def test_a_fault_that_there_is_not(self, stage: Stage, fault: str) -> None:
        """It is not found."""
        problem(stage.client.put(f"{PARTIES}/fakestore/faults/{fault}", json={}), 404, "NOT_FOUND")

    def test_calls_are_counted_and_forgotten(self, stage: Stage) -> None:
        """The most called path first; an act forgets them."""
        for path in ("/users/1", "/products/1", "/products/1"):
            httpx.get(stage.shop.url + path)
        expected = [{"path": "/products/1", "calls": 2}, {"path": "/users/1", "calls": 1}]
        assert data(stage.client.get(f"{PARTIES}/fakestore/requests")) == expected
        assert data(stage.client.post(f"{PARTIES}/fakestore/acts/forget"))["calls"] == 0
        problem(stage.client.post(f"{PARTIES}/fakestore/acts/rotate"), 404, "NOT_FOUND")

    def test_notifications_wait(self, stage: Stage) -> None:
        """Mercado Pago keeps its notifications back when told so, and no longer when told to send them."""
        assert data(stage.client.post(f"{PARTIES}/mercadopago/acts/hold"))["state"] == "playing"
        assert stage.market.do(lambda: stage.market._site.bank.courier.habits.hold)
        assert data(stage.client.post(f"{PARTIES}/mercadopago/acts/release"))["state"] == "playing"
        assert not stage.market.do(lambda: stage.market._site.bank.courier.habits.hold)

    def test_an_issuer_signs_anew(self, stage: Stage) -> None:
        """A new key is published beside the old one."""
        url = data(stage.client.get(f"{PARTIES}/oidc"))["url"]
        before = {key["kid"] for key in httpx.get(f"{url}/jwks").json()["keys"]}
        data(stage.client.post(f"{PARTIES}/oidc/acts/rotate"))
        assert before < {key["kid"] for key in httpx.get(f"{url}/jwks").json()["keys"]}


class TestPayments:
    def test_a_payment_is_decided(self, stage: Stage) -> None:
        """What was begun becomes what is chosen, and money comes back once only."""
        number = stage.payment()
        [found] = data(stage.client.get(PAYMENTS))
        assert (found["id"], found["status"], found["amount"], found["reference"]) == (
            number,
            "pending",
            "47.50",
            "order-1",
        )
        assert "refund" not in found["outcomes"]
        place = f"{PAYMENTS}/{number}/outcome"
        assert data(stage.client.put(place, json={"outcome": "approve"}))["status"] == "approved"
        assert data(stage.client.put(place, json={"outcome": "refund"}))["status"] == "refunded"
        problem(stage.client.put(place, json={"outcome": "refund"}), 409, "STAND_IN_REFUSED")
        problem(stage.client.put(place, json={"outcome": "steal"}), 422)
        problem(stage.client.put(f"{PAYMENTS}/17/outcome", json={"outcome": "approve"}), 404, "NOT_FOUND")

    def test_altered_payments_can_be_looked_at(self, stage: Stage) -> None:
        """Whoever altered members of a payment sees them, and nothing fails."""
        number = stage.payment()
        stage.market.alter(int(number), date_created="never", transaction_amount=None, payer=7, description=[1])
        [found] = data(stage.client.get(PAYMENTS))
        assert (found["id"], found["created_at"], found["payer"]) == (number, None, None)

    def test_pages(self, stage: Stage) -> None:
        """The newest first, in pages."""
        numbers = [stage.payment("approved") for _ in range(3)]
        answer = stage.client.get(PAYMENTS, params={"per_page": 2, "page": 2})
        assert [one["id"] for one in data(answer)] == [numbers[0]]
        assert answer.json()["meta"]["pagination"]["total"] == 3


def test_every_act_is_audited(stage: Stage) -> None:
    """Whatever changes something of what is played leaves an entry that says who did what to whom."""
    acts = sorted(
        (one for one in operations(stage.served) if one.method != "GET"),
        key=lambda one: (one.method != "PUT", one.path),
    )
    assert len(acts) == 7
    for operation in acts:
        mail, payment = stage.mail(), stage.payment()
        stage.shop.fault("error_500")
        path = path_of(operation, mail_id=mail, payment_id=payment)
        answer = stage.client.request(
            operation.method,
            path,
            headers={"X-Request-Id": "audited-1"},
            **({"json": body_of(operation)} if operation.takes_json else {}),
        )
        assert answer.status_code < 300, answer.text
        [*_, entry] = stage.served.sql("SELECT * FROM audit_log ORDER BY position")
        assert (entry["request_id"], entry["outcome"], entry["address"]) == ("audited-1", "done", "127.0.0.1")
        assert entry["actor"].startswith("key:")
        assert entry["subject"].partition(":")[2] in ("", *path.split("/"))


def test_a_party_that_is_gone_is_a_503_in_words(house: House, tmp_path: Path, stage: Stage) -> None:
    """Who is played and does not answer, and who is not played, are unavailable, named, and soon to be asked again."""
    problem(stage.client.put(f"{PARTIES}/gone/faults/hang", json={}), 503, "STAND_IN_SILENT")
    with house(DEVELOPMENT__STAND_INS=str(tmp_path / "none.json")) as served:
        assert data(served.client.get(PARTIES)) == []
        for path, name in ((MAILS, "mail server"), (PAYMENTS, "Mercado Pago")):
            answer = served.client.get(path)
            assert f"No {name} is played" in problem(answer, 503, "STAND_IN_SILENT")["detail"]
            assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "control",
    [
        "http://example.org/_standin",
        "http://127.0.0.1@example.org:80/_standin",
        "http://127.0.0.1:1/elsewhere",
        "https://127.0.0.1:1/_standin",
        "http://localhost:1/_standin",
        "http://169.254.169.254:80/_standin",
        "file:///etc/passwd",
        "http://127.0.0.1:99999/_standin",
        None,
    ],
)
def test_nobody_but_this_machine_is_called(stage: Stage, control: str | None) -> None:
    """A file that names another address than the loopback one names nobody at all."""
    before = stage.file.read_text()
    told = json.loads(before)
    told["FakeStore"]["control"] = control
    try:
        stage.file.write_text(json.dumps(told))
        assert data(stage.client.get(PARTIES)) == []
        problem(stage.client.get(f"{PARTIES}/fakestore"), 404, "NOT_FOUND")
    finally:
        stage.file.write_text(before)


@pytest.mark.timeout(120)
def test_no_failure_and_no_undocumented_answer(stage: Stage) -> None:
    """Whatever the document allows or forbids, these operations never fail, and answer as it says."""
    document = stage.served.anonymous.get("/api/v2/openapi.json").json()
    document["paths"] = {path: said for path, said in document["paths"].items() if path.startswith(BASE)}
    stage.mail()
    stage.payment()
    parties = json.loads(stage.file.read_text())
    written({name: parties[name] for name in ("SMTP", "MercadoPago", "FakeStore")}, stage.file.parent)
    tested: set[str] = set()
    found = fuzzed(schemathesis.openapi.from_dict(document, config=configured(stage.served, 12)), tested)
    assert not found, "\n\n".join(dict.fromkeys(found))
    assert len(tested) == len(operations(stage.served))


def test_a_refusal_is_audited(stage: Stage) -> None:
    """A refused permission is written down too: the area is an administrative one."""
    served: Served = stage.served
    with served.with_key(served.key("pets:write")) as poor:
        problem(poor.delete(MAILS), 403)
    [*_, entry] = served.sql("SELECT * FROM audit_log WHERE outcome = 'refused' ORDER BY position")
    assert entry["action"] == f"DELETE {MAILS}"
