"""ANEEL's contract, byte for byte: answers in both forms, every refusal, whom it lets in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import ValidationError

from esteio.services.outages.settings import OutagesSettings
from tests.conftest import House
from tests.house import ADMIN_KEY, Served, eventually
from tests.outages.stored import store_outage, store_served

PATH = "/quantitativointerrupcoesativas"
EMAIL = "plantao@exemplo.com.br"
ROWS = (
    '[{"ideConjuntoUnidadeConsumidora":12727,"ideMunicipio":1400100,"qtdUCsAtendidas":125000,'
    '"qtdOcorrenciaProgramada":150,"qtdOcorrenciaNaoProgramada":45},'
    '{"ideConjuntoUnidadeConsumidora":17354,"ideMunicipio":1400233,"qtdUCsAtendidas":7,'
    '"qtdOcorrenciaProgramada":0,"qtdOcorrenciaNaoProgramada":7}]'
)
FORMS = ("legacy", "v4")


def body(form: str, outcome: int, status: str, message: str, rows: str = "[]") -> str:
    described = f'"desStatusRequisicao":"{status}",' if form == "legacy" else ""
    return (
        f'{{"idcStatusRequisicao":{outcome},{described}"emailIndisponibilidade":"{EMAIL}",'
        f'"mensagem":"{message}","interrupcaoFornecimento":{rows}}}'
    )


@pytest.fixture(scope="module", params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture(scope="module")
def served(house: House, form: str) -> Iterator[Served]:
    with house(OUTAGES__FORM=form, OUTAGES__EMAIL=EMAIL, AUTH__API_KEYS_ADDITIONAL="chave-do-ambiente") as running:
        running.client.put("/api/v2/limits/outages.radar", json={"rate": "100000/minute"}).raise_for_status()
        began = datetime.now(UTC) - timedelta(hours=1)
        store_served(running, 12727, 1400100, 125_000)
        store_outage(running, (12727, 1400100, 150), start=began, planned=True)
        store_outage(running, (12727, 1400100, 45), (17354, 1400233, 7), start=began)
        store_outage(running, (12727, 1400100, 99), start=began, end=began + timedelta(minutes=59))
        yield running


def told(answer: httpx.Response, status: int, said: str) -> None:
    """The answer has this status and body to the byte, and says that nobody may keep it."""
    assert (answer.status_code, answer.text) == (status, said)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert not {"etag", "content-encoding", "x-cache"} & set(answer.headers)


class TestAnswer:
    def test_byte_for_byte(self, served: Served, form: str) -> None:
        """The five members (four in V4) in their order, rows by conjunto and município, at both places, kept or not."""
        for path in (PATH, f"/radar{PATH}", PATH):
            told(served.client.get(path), 200, body(form, 1, "Sucesso", "", ROWS))

    def test_it_is_never_a_304(self, served: Served, form: str) -> None:
        """Who asks conditionally is answered in full all the same."""
        answer = served.client.get(PATH, headers={"If-None-Match": "*", "Accept-Encoding": "gzip"})
        told(answer, 200, body(form, 1, "Sucesso", "", ROWS))

    def test_nothing_out(self, house: House, form: str) -> None:
        """Where nothing is out the list is empty, and that is a success."""
        with house(OUTAGES__FORM=form, OUTAGES__EMAIL=EMAIL) as empty:
            told(empty.client.get(PATH), 200, body(form, 1, "Sucesso", ""))

    @pytest.mark.parametrize("said", ["31/02/2026 10:00", "", "21-11-2026 10:00"])
    def test_a_moment_that_is_none(self, served: Served, form: str, said: str) -> None:
        """What cannot be understood is a 200 that failed, with an empty list."""
        message = "dthRecuperacao deve ser uma data válida no formato dd/mm/aaaa hh:mm"
        told(
            served.client.get(PATH, params={"dthRecuperacao": said}),
            200,
            body(form, 2, "Parâmetro inválido", message),
        )

    def test_a_moment_outside_the_window(self, served: Served, form: str) -> None:
        """The future and what is too old are refused in the contract's words."""
        words = "Período fora da janela de recuperação"
        for said in ("01/01/2020 00:00", "01/01/2999 00:00"):
            answer = served.client.get(PATH, params={"dthRecuperacao": said})
            told(answer, 200, body(form, 2, words, words))


class TestRefusal:
    def test_missing_key(self, served: Served, form: str) -> None:
        """401 in the contract's words, with the scheme that it wants."""
        answer = served.anonymous.get(PATH)
        told(answer, 401, body(form, 2, "Autenticacao necessaria", "Header x-api-key nao fornecido"))
        assert answer.headers["www-authenticate"] == "ApiKey"

    @pytest.mark.parametrize("credential", [{"X-API-Key": "errada"}, {"X-API-Key": ""}, {"Authorization": "Bearer x"}])
    def test_wrong_key(self, served: Served, form: str, credential: dict[str, str]) -> None:
        """401 for a key that is wrong, whatever it looks like."""
        answer = served.anonymous.get(PATH, headers=credential)
        told(answer, 401, body(form, 2, "Autenticacao falhou", "API Key invalida ou expirada"))
        assert answer.headers["www-authenticate"] == "ApiKey"

    def test_expired_key(self, served: Served, form: str) -> None:
        """401 for a key whose time is over."""
        key = served.key("outages:poll", expires_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
        with served.with_key(key) as client:
            told(client.get(PATH), 200, body(form, 1, "Sucesso", "", ROWS))
        key = served.key("outages:poll", expires_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
        served.sql("UPDATE api_keys SET expires_at = now() - interval '1 minute' WHERE expires_at IS NOT NULL")
        with served.with_key(key) as client:
            told(client.get(PATH), 401, body(form, 2, "Autenticacao falhou", "API Key invalida ou expirada"))

    def test_key_without_the_permission(self, served: Served, form: str) -> None:
        """403 for a key that may do other things."""
        with served.with_key(served.key("outages:read")) as client:
            answer = client.get(PATH)
        told(answer, 403, body(form, 2, "Acesso negado", "API Key sem permissão para esta consulta"))

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
    def test_other_methods(self, served: Served, form: str, method: str) -> None:
        """405 with the methods that there are."""
        for path in (PATH, f"/radar{PATH}"):
            answer = served.client.request(method, path)
            told(answer, 405, body(form, 2, "Método não permitido", "Utilize o método GET"))
            assert answer.headers["allow"] == "GET, OPTIONS"

    def test_head(self, served: Served, form: str) -> None:
        """HEAD is no method of the contract either: 405, as long as the body would be that it may not have."""
        answer = served.client.head(PATH)
        said = body(form, 2, "Método não permitido", "Utilize o método GET")
        assert (answer.status_code, answer.content) == (405, b"")
        assert int(answer.headers["content-length"]) == len(said.encode())

    @pytest.mark.parametrize("path", [f"{PATH}/", f"{PATH}x", "/QuantitativoInterrupcoesAtivas", "/radar", "/radar/x"])
    def test_other_paths(self, served: Served, path: str) -> None:
        """Elsewhere the house answers as it always does."""
        answer = served.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")

    def test_host(self, house: House, form: str) -> None:
        """A host that is not served stays a 421, in the contract's form."""
        with house(OUTAGES__FORM=form, OUTAGES__EMAIL=EMAIL, HTTP__TRUSTED_HOSTS="api.example.org") as named:
            message = "O host solicitado não é atendido por este servidor"
            told(named.client.get(PATH), 421, body(form, 2, "Host não atendido", message))

    def test_too_long(self, served: Served, form: str) -> None:
        """What the gate cannot take in is a 200 that failed, and says nothing of why."""
        answer = served.client.get(PATH, params={"dthRecuperacao": "1" * 9000})
        told(answer, 200, body(form, 2, "Serviço indisponível", "Não foi possível atender à requisição no momento"))

    def test_what_nobody_foresaw(self, house: House, form: str) -> None:
        """A failure inside is a 200 that failed; nothing of it leaves."""
        with house(OUTAGES__FORM=form, OUTAGES__EMAIL=EMAIL) as broken:
            broken.sql("ALTER TABLE outage_areas DROP COLUMN ucs")
            answer = broken.client.get(PATH)
            message = "Não foi possível atender à requisição no momento"
            told(answer, 200, body(form, 2, "Serviço indisponível", message))

    def test_too_often(self, house: House, form: str) -> None:
        """Ten a minute; the eleventh is a 429 that says when to come again."""
        with house(OUTAGES__FORM=form, OUTAGES__EMAIL=EMAIL) as strict:
            answers = [strict.client.get(PATH) for _ in range(11)]
            assert [answer.status_code for answer in answers[:10]] == [200] * 10
            message = "Aguarde os segundos indicados em Retry-After"
            told(answers[10], 429, body(form, 2, "Limite de requisições excedido", message))
            assert 1 <= int(answers[10].headers["retry-after"]) <= 67


class TestKeys:
    def test_keys_of_table_and_environment(self, served: Served) -> None:
        """Keys that were made, both that the environment gives, and a bearer of none of them."""
        made = served.key("outages:poll")
        asked = [(key, served.anonymous.get(PATH, headers={"x-api-key": key})) for key in (made, ADMIN_KEY)]
        asked.append(("additional", served.anonymous.get(PATH, headers={"x-api-key": "chave-do-ambiente"})))
        assert [(name, answer.status_code) for name, answer in asked] == [(name, 200) for name, _ in asked]

    def test_a_revoked_key(self, served: Served, form: str) -> None:
        """A key that was withdrawn opens nothing any more."""
        made = served.client.post("/api/v2/keys", json={"name": "aneel", "scopes": ["outages:poll"]}).json()["data"]
        with served.with_key(made["key"]) as client:
            assert client.get(PATH).status_code == 200
            assert served.client.delete(f"/api/v2/keys/{made['id']}").status_code == 204
            told(client.get(PATH), 401, body(form, 2, "Autenticacao falhou", "API Key invalida ou expirada"))

    def test_refused_keys_are_logged_and_counted(self, served: Served, capfd: pytest.CaptureFixture[str]) -> None:
        """A wrong key is counted and leaves a line with its beginning, and no more of it."""
        before = served.client.get("/metrics").text

        def written() -> str | None:
            served.anonymous.get(PATH, headers={"x-api-key": "est_live_guessed-by-somebody"})
            lines = capfd.readouterr().err.splitlines()  # of many in a second only some leave a line
            return next((line for line in lines if "credentials refused" in line), None)

        line = eventually(written, every=0.2)
        assert '"key_prefix":"est_live"' in line
        assert "guessed" not in line
        counted = 'esteio_auth_refusals_total{kind="key",reason="invalid"}'
        assert counted in served.client.get("/metrics").text
        assert _value(served.client.get("/metrics").text, counted) > _value(before, counted)


def _value(metrics: str, name: str) -> float:
    return float(next((line.rpartition(" ")[2] for line in metrics.splitlines() if line.startswith(name)), 0))


@pytest.mark.parametrize(("prefix", "place"), [("/ws/v4", "/ws/v4"), ("", ""), ("/radar", "/radar")])
def test_the_prefix(house: House, prefix: str, place: str) -> None:
    """The operation is found at the distributor's prefix and below /radar, and at no third place."""
    with house(OUTAGES__PREFIX=prefix) as running:
        for path in (place + PATH, "/radar" + PATH):
            assert running.client.get(path).json()["idcStatusRequisicao"] == 1
        assert running.client.get(PATH).status_code == (404 if prefix else 200)


def test_the_address_fits_into_its_member() -> None:
    """An e-mail address of 50 characters can be set, a longer one cannot."""
    longest = f"{'a' * 38}@exemplo.com"
    assert OutagesSettings(email=longest).email == longest
    with pytest.raises(ValidationError, match="email"):
        OutagesSettings(email=f"a{longest}")
