"""Log lines: structured, in the context of their request, without secrets, impossible to forge."""

import logging
from collections.abc import Callable, Iterator

import asyncpg
import httpx
import orjson
import pytest

from esteio.embedded.engines import Engines
from esteio.telemetry.lines import LONGEST
from esteio.telemetry.logs import configure, log
from esteio.telemetry.masking import LONGEST as LONGEST_TEXT
from esteio.telemetry.masking import mask, mask_text
from esteio.telemetry.settings import TelemetrySettings
from esteio.telemetry.shapes import MASK
from tests.house import sql


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What a process that logs JSON has written; logging is as it was afterwards."""
    before, level = list(logging.getLogger().handlers), logging.getLogger().level
    configure(TelemetrySettings(log_format="json", log_level="debug"))
    yield lambda: capsys.readouterr().err
    logging.getLogger().handlers[:] = before
    logging.getLogger().setLevel(level)


def test_a_line_is_one_json_object_whatever_it_says(written: Callable[[], str]) -> None:
    """Line breaks and control characters of a value cannot begin a line of their own."""
    log("esteio.test").info("said", words='first\r\n{"event":"forged"}\x00\u2028', number=1)
    logging.getLogger("library").warning("also %s", "this\none")
    lines = written().split("\n")
    events = [orjson.loads(line) for line in lines if line]
    assert [event["event"] for event in events] == ["said", "also this\none"]
    assert events[0]["level"] == "info"
    assert events[0]["timestamp"].endswith("Z")


def test_secrets_are_masked_by_name_and_by_shape(written: Callable[[], str]) -> None:
    """Neither a field with a secret's name nor a text with a secret's shape shows it, exceptions included."""
    key = "est_live_" + "a" * 36
    try:
        raise RuntimeError(f"could not use {key}")
    except RuntimeError:
        log("esteio.test").exception("failed", password="hunter2", nested={"api_key": "k", "list": [key]})
    line = written()
    assert key not in line
    assert "hunter2" not in line
    event = orjson.loads(line.splitlines()[0])
    assert event["password"] == event["nested"]["api_key"] == MASK


@pytest.mark.parametrize(
    "secret",
    [
        "est_test_" + "Z" * 36,
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
        "-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----",
    ],
)
def test_every_known_shape_is_masked(secret: str) -> None:
    """Keys, tokens, hashes and private keys are recognised wherever they stand."""
    assert secret not in mask_text(f"before {secret} after")
    assert mask({"value": [secret]}) == {"value": [MASK]}


def test_a_password_within_an_address_is_masked() -> None:
    """The address stays readable, its password does not."""
    assert mask_text("postgresql://esteio:s3cret@db/esteio") == f"postgresql://{MASK}@db/esteio"


def test_no_address_that_is_called_is_written(written: Callable[[], str]) -> None:
    """The HTTP client itself logs nothing: addresses of webhooks and their queries may be secrets."""
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200))) as client:
        client.get("https://example.org/hook?token=s3cret")
    assert "s3cret" not in written()


@pytest.fixture
def said_to_people(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """The same of a process that logs for people."""
    before, level = list(logging.getLogger().handlers), logging.getLogger().level
    configure(TelemetrySettings(log_format="console", log_level="debug"))
    yield lambda: capsys.readouterr().err
    logging.getLogger().handlers[:] = before
    logging.getLogger().setLevel(level)


HOSTILE = "a\r\nb\x0bc\x1b[2Jd\x85e\u2028f\u2029g\x9bh\u202ei\x7f"
ENDS = "\r\x0b\x0c\x1b\x7f\x85\x9b\u2028\u2029\u202e"


def test_no_value_ends_a_line_or_speaks_to_a_terminal(written: Callable[[], str]) -> None:
    """In JSON every end of a line, escape sequence and change of direction is escaped, in names as in values."""
    log("esteio.test").info(HOSTILE, **{HOSTILE: HOSTILE}, deep=[{HOSTILE: HOSTILE}])
    text = written()
    assert text.count("\n") == 1
    assert not set(ENDS) & set(text)
    line = orjson.loads(text)
    assert line["event"] == HOSTILE
    assert line[HOSTILE] == HOSTILE


def test_no_value_forges_a_line_for_people(said_to_people: Callable[[], str]) -> None:
    """In the terminal's form nothing that was given begins a line, turns its direction or moves the cursor."""
    forged = "2026-11-22T10:00:00Z [error] forged"
    log("esteio.test").info(f"one\n{forged}{HOSTILE}", value=f"x\n{forged}{HOSTILE}", **{f"k\n{HOSTILE}": 1})
    logging.getLogger("library").warning("%s", f"two\r\n{forged}{HOSTILE}")
    text = said_to_people()
    assert text.count("\n") == 2
    assert not set(ENDS) & set(text)
    assert not any(line.startswith(forged) for line in text.split("\n"))


def test_an_exception_for_people_cannot_be_taken_for_lines(said_to_people: Callable[[], str]) -> None:
    """The lines of an exception are set off by a mark, whatever its message is."""
    try:
        raise RuntimeError("words\n2026-11-22T10:00:00Z [error] forged\x1b[2J")
    except RuntimeError:
        log("esteio.test").exception("failed")
    first, *rest = said_to_people().rstrip("\n").split("\n")
    assert "failed" in first
    assert "RuntimeError" in "".join(rest)
    assert all(line.startswith("    | ") for line in rest)
    assert "\x1b" not in "".join(rest)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("to maria.souza@mail.example.com.br now", f"to m{MASK}@mail.example.com.br now"),
        ("CPF 529.982.247-25", f"CPF {MASK}"),
        ("52998224725", MASK),
        ("11.222.333/0001-81", MASK),
        ("of 11222333000181.", f"of {MASK}."),
        ("card 4111 1111 1111 1111 declined", f"card {MASK} declined"),
        ("5555-5555-5555-4444", MASK),
        ("call +55 11 91234-5678", f"call {MASK}"),
        ("(11) 91234-5678", MASK),
    ],
)
def test_personal_data_is_masked_by_its_shape(given: str, shown: str) -> None:
    """Mail addresses keep what support needs; numbers of persons, firms, cards and telephones keep nothing."""
    assert mask_text(given) == shown
    assert mask({"why": [given]}) == {"why": [shown]}


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:00:00.123456Z",
        "2026-11-22 10:00",
        "0190a1b2-7c3d-7000-8000-000000000001",
        "52998224724",  # no CPF: its check digits are wrong
        "1763805600123",
        "1763805600123456789",
        "4111111111111112",
        "127.0.0.1:54321",
        "10.200.30.40/24",
        "53da7227542957e8b7c0f8512382566f",
        "key est_client_4fT0aZ91bQ4f",
        "waited 30.000 s of 60.000 s",
    ],
)
def test_numbers_of_everyday_are_shown(text: str) -> None:
    """What an operator searches for stays readable."""
    assert mask_text(text) == text


@pytest.mark.parametrize("name", ["email", "customer_email", "cpf_cnpj", "phone", "street", "nome_titular", "postcode"])
def test_personal_data_is_masked_by_its_name(name: str) -> None:
    """A field with the name of personal data shows none, whatever its shape."""
    assert mask({name: "Rua das Laranjeiras 7"}) == {name: MASK}
    assert mask({name: {"street": "x"}}) == {name: MASK}


def test_a_mail_address_keeps_what_support_asks_for() -> None:
    """Its first character and its domain are shown also where the field's name gives it away."""
    assert mask({"email": "maria@example.org"}) == {"email": f"m{MASK}@example.org"}


@pytest.mark.parametrize(
    ("given", "secret"),
    [
        ("GET https://a.example/x?page=1&token=s3cr3t-value&y=2", "s3cr3t-value"),
        ("failed with password=hunter2-ok at /srv", "hunter2-ok"),
        ('{"password": "hunter2-ok"}', "hunter2-ok"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("-----BEGIN PRIVATE KEY-----\nMIGcut", "MIGcut"),
        ("est_mail_abcDEF123", "abcDEF123"),
        ("[SQL: SELECT 1]\n[parameters: ('Maria Inventada', 3)]", "Maria"),
        ("duplicate key\nDETAIL:  Key (name)=(Maria Inventada) already exists.\nHINT: x", "Maria"),
        ("name\n  Input should be … [type=x, input_value='Maria Inventada', input_type=str]", "Maria"),
    ],
)
def test_values_within_a_message_are_masked(given: str, secret: str) -> None:
    """Secrets in queries and messages, and the values that drivers and validators add to theirs, are not shown."""
    assert secret not in mask_text(given)


def test_an_exception_shows_neither_variables_nor_the_values_of_a_statement(
    written: Callable[[], str], engines: Engines
) -> None:
    """What the database says of a row that was refused is in no line, nor are the variables of the frames."""

    def fails(secret_local: str) -> None:
        sql(engines.database_url, "SELECT ($1::text)::int", secret_local)

    try:
        fails("Maria-was-here")
    except asyncpg.PostgresError:
        log("esteio.test").exception("failed")
    try:
        sql(engines.database_url, "INSERT INTO pg_catalog.pg_database (oid) SELECT 1 /* Joana */ ")
    except asyncpg.PostgresError:
        log("esteio.test").exception("failed")
    first, second = (orjson.loads(line) for line in written().splitlines())
    assert "secret_local)" in first["exception"]  # the frame's source is shown
    assert "InvalidTextRepresentation" in first["exception"]
    assert "Failing row contains" not in second["exception"]


def test_a_line_has_a_bounded_length(written: Callable[[], str]) -> None:
    """Whatever is logged, a line is at most 15 kB of JSON that says whose it is."""
    log("esteio.test").info("long", words="x" * 10_000_000, trace_id="t" * 32)
    log("esteio.test").info("wide", **{f"k{number}": "é" * 5000 for number in range(1000)}, request_id="r")
    log("esteio.test").info("deep", tree=[[[[[[[[["x"] * 10]] * 99]]] * 99]]])
    logging.getLogger("library").error("y" * 10_000_000)
    try:
        raise RuntimeError("z" * 10_000_000)
    except RuntimeError:
        log("esteio.test").exception("thrown")
    lines = written().splitlines()
    assert len(lines) == 5
    assert all(len(line.encode()) <= LONGEST for line in lines)
    long, wide, *_ = (orjson.loads(line) for line in lines)
    assert long["trace_id"] == "t" * 32
    assert wide["request_id"] == "r"
    assert wide["cut"] > LONGEST


def test_a_secret_at_the_cut_is_masked() -> None:
    """A text that is cut within a secret shows no part of it."""
    for before in range(LONGEST_TEXT - 40, LONGEST_TEXT):
        assert "Z" * 3 not in mask("-" * before + " est_live_" + "Z" * 36 + " after")


@pytest.mark.parametrize("value", ["\ud800", 2**70, float("nan"), object(), {1: {2, 3}}, b"\xff", type])
def test_what_json_does_not_know_is_a_line_too(written: Callable[[], str], value: object) -> None:
    """No value keeps a line from being written."""
    log("esteio.test").info("odd", value=value)
    assert orjson.loads(written())["event"] == "odd"


def test_a_line_that_cannot_be_formed_is_told_of(written: Callable[[], str]) -> None:
    """A library's line whose arguments do not fit leaves a line, and does not show them."""
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if type(one).__module__.startswith("esteio")]  # pytest's raises
    logging.getLogger("library").warning("%d of %d", "s3cret-words")
    text = written()
    assert orjson.loads(text)["event"] == "line not formed"
    assert "s3cret" not in text


def test_a_library_s_exception_is_in_its_line(written: Callable[[], str]) -> None:
    """What a library logs with an exception has the frames in the same object."""
    try:
        raise RuntimeError("of a library")
    except RuntimeError:
        logging.getLogger("library").exception("failed")
    line = orjson.loads(written())
    assert "RuntimeError: of a library" in line["exception"]
