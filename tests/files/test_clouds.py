"""Google's and Azure's object stores: who asks, what goes wrong, and which settings are refused."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr, ValidationError

from esteio.base.errors import EsteioError, NotFound, StartRefused, Unavailable
from esteio.catalog import SHIPPED
from esteio.files.errors import StorageFull
from esteio.files.settings import FilesSettings
from esteio.files.store import PART, Store
from esteio.runtime.opening import sections
from esteio.settings import read_settings
from tests.files.azure import ACCOUNT, CLUSTER, KEY, SHARED, SIGNATURE, TOKEN, AzureBucket, azure_server
from tests.files.gcs import GcsBucket, gcs_server, service_account
from tests.files.held import SILENT
from tests.files.s3 import PREFIX

Cloud = GcsBucket | AzureBucket
SERVERS: dict[str, Callable[[], AbstractContextManager[Cloud]]] = {"gcs": gcs_server, "azure": azure_server}
SECRETS = (KEY, SIGNATURE, "hush%2B", TOKEN, CLUSTER, "PRIVATE KEY", "Bearer", "SharedKey")


@pytest.fixture(scope="module", params=SERVERS)
def running(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    with SERVERS[request.param]() as bucket:
        yield bucket


@pytest.fixture
def cloud(running: Cloud) -> Cloud:
    """A bucket of each kind, empty and well."""
    running.held.mend()
    return running


@pytest.fixture(scope="module")
def azure() -> Iterator[AzureBucket]:
    with azure_server() as bucket:
        yield bucket


async def put(store: Store, key: str, data: bytes) -> None:
    async with store.writing(key) as upload:
        await upload.write(data)


async def got(store: Store, key: str) -> bytes:
    return b"".join([piece async for piece in store.read(key)])


async def listed(store: Store) -> list[str]:
    return [item.key async for portion in store.listed() for item in portion]


async def all_of_it(store: Store) -> None:
    """Everything that is done with objects."""
    large = bytes(PART + 1)
    await put(store, "t/small", b"content")
    await put(store, "t/large", large)
    assert await got(store, "t/small") == b"content"
    assert await got(store, "t/large") == large
    assert sorted(await listed(store)) == ["t/large", "t/small"]
    await store.delete("t/small")
    await store.delete("t/large")
    assert await listed(store) == []


def refusal(work: Awaitable[object]) -> EsteioError:
    """The error of something that has to fail; it names no secret anywhere."""

    async def run() -> None:
        await work

    with pytest.raises(EsteioError) as refused:
        asyncio.run(run())
    chain: BaseException | None = refused.value
    words = f"{refused.value.detail} {refused.value.operator}"
    while chain is not None and isinstance(chain, EsteioError):
        words += f" {chain!r} {chain}"
        chain = chain.__cause__
    assert [secret for secret in SECRETS if secret in words] == []
    return refused.value


def test_a_failure_that_passes(cloud: Cloud) -> None:
    """A server that says 503 is asked again, and the caller does not notice."""

    async def run() -> None:
        store = Store(cloud.settings)
        for work in (put(store, "t/x", b"x"), got(store, "t/x"), listed(store), store.delete("t/x")):
            cloud.held.next_faults = [503]
            await work
            assert cloud.held.next_faults == []

    asyncio.run(run())
    assert cloud.listed() == []


def test_a_failure_of_a_part_that_passes(cloud: Cloud) -> None:
    """A part that failed is sent again, and the object is what was written."""
    data = b"12345678" * ((2 * PART + 8) // 8)

    async def run() -> None:
        store = Store(cloud.settings)
        async with store.writing("t/parts") as upload:
            for start in range(0, len(data), PART // 2):
                cloud.held.next_faults = [503] if start == PART else []
                await upload.write(data[start : start + PART // 2])
        assert await got(store, "t/parts") == data

    asyncio.run(run())


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal(cloud: Cloud, status: int) -> None:
    """A server that refuses the credentials makes the store `Unavailable`, and is not asked a second time."""
    cloud.held.refusal = status
    store = Store(cloud.settings)
    assert isinstance(refusal(got(store, "t/x")), Unavailable)
    assert len(cloud.held.asked) == 1
    for work in (put(store, "t/x", b"x"), put(store, "t/x", bytes(PART + 1)), store.delete("t/x"), listed(store)):
        error = refusal(work)
        assert isinstance(error, Unavailable)
        assert str(status) in (error.operator or "")


@pytest.mark.parametrize("size", [1, PART + 1])
def test_no_room(cloud: Cloud, size: int) -> None:
    """A server without room is `StorageFull`, and nothing of the object stays."""
    cloud.held.refusal = 507
    assert isinstance(refusal(put(Store(cloud.settings), "t/x", bytes(size))), StorageFull)
    assert (cloud.listed(), cloud.unfinished()) == ([], 0)


def test_a_server_that_is_silent(cloud: Cloud) -> None:
    """A server that takes a request and does not answer is `Unavailable` within the settings' time."""
    settings = cloud.settings.model_copy(update={"request_timeout": 0.5, "retry_seconds": 0.5})
    cloud.held.flows.clear()
    began = time.monotonic()
    assert isinstance(refusal(got(Store(settings), "t/x")), Unavailable)
    assert time.monotonic() - began < 3 * 1.0 + 3
    cloud.held.flows.set()
    asyncio.run(put(Store(cloud.settings), "t/x", b"x"))


def test_a_request_that_stalls(cloud: Cloud) -> None:
    """A request without an answer is given up after the time for one request and repeated, within that for them all."""
    settings = cloud.settings.model_copy(update={"request_timeout": 0.5, "retry_seconds": 20.0})
    asyncio.run(put(Store(settings), "t/x", b"content"))
    cloud.held.next_faults = [SILENT]
    assert asyncio.run(got(Store(settings), "t/x")) == b"content"
    assert cloud.held.next_faults == []


def test_a_removal_that_is_refused(cloud: Cloud) -> None:
    """An object that may not be removed is not told to be gone, also where removals go in batches that succeed."""
    store = Store(cloud.settings)
    asyncio.run(put(store, "t/held", b"x"))
    cloud.held.protected = {f"{PREFIX}/t/held"}
    assert isinstance(refusal(store.delete("t/held")), Unavailable)
    assert asyncio.run(listed(store)) == ["t/held"]


def test_a_bucket_that_is_not_there(cloud: Cloud) -> None:
    """Writing to a bucket that nobody made fails, and says so to the operator."""
    other = cloud.settings.model_copy(update={"url": cloud.settings.url.replace("trial", "another")})
    error = refusal(put(Store(other), "t/x", b"x"))
    assert "404" in (error.operator or "")
    assert error.status in (404, 503)


def test_credentials_of_somebody_else(cloud: Cloud) -> None:
    """A key in which the server does not believe makes the store `Unavailable`, and writes nothing."""
    strange = service_account(rsa.generate_private_key(65_537, 2048))
    update = {
        "gcs_service_account_key": SecretStr(strange),
        "azure_account_key": SecretStr(base64.b64encode(b"another key of another account").decode()),
    }
    settings = cloud.settings.model_copy(update=update)
    assert isinstance(refusal(put(Store(settings), "t/x", b"x")), Unavailable)
    assert cloud.listed() == []


def test_a_shared_access_signature(azure: AzureBucket) -> None:
    """A signature of the portal, with its question mark, is enough for everything, and no error ever shows it."""
    shared = replace(azure, shared=True)
    asyncio.run(all_of_it(Store(shared.settings)))
    nobody = replace(shared, endpoint="http://127.0.0.1:9")
    for store in (Store(shared.settings), Store(nobody.settings)):
        for work in (got(store, "t/x"), put(store, "t/x", bytes(PART + 1)), store.delete("t/x"), listed(store)):
            azure.held.refusal = 403
            refusal(work)
    azure.held.mend()


def test_application_default_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key of its own the house asks Google as the machine's application default credentials say."""
    (tmp_path / "credentials.json").write_text(service_account())
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "credentials.json"))
    with gcs_server() as bucket:
        asyncio.run(all_of_it(Store(bucket.settings.model_copy(update={"gcs_service_account_key": None}))))


def test_workload_identity(azure: AzureBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key or signature the house asks Azure with the token that its cluster's identity is given."""
    (tmp_path / "token").write_text(CLUSTER)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AZURE_CLIENT_ID", "client")
    monkeypatch.setenv("AZURE_TENANT_ID", "tenant")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", azure.endpoint)
    asyncio.run(all_of_it(Store(azure.settings.model_copy(update={"azure_account_key": None}))))


def test_googles_settings_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the settings is not overruled by the credentials that the environment gives other programs."""
    (tmp_path / "credentials.json").write_text(service_account(rsa.generate_private_key(65_537, 2048)))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "credentials.json"))
    with gcs_server() as bucket:
        asyncio.run(all_of_it(Store(bucket.settings)))


def test_azures_settings_win(azure: AzureBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the settings say is not overruled by what the environment says to other programs."""
    monkeypatch.setenv("AZURE_STORAGE_TOKEN", "of another program")
    monkeypatch.setenv("AZURE_STORAGE_SAS_KEY", "sv=1&sig=of-another-program")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"of another program").decode())
    for bucket in (azure, replace(azure, shared=True)):
        asyncio.run(all_of_it(Store(bucket.settings)))


def test_what_is_not_there(cloud: Cloud) -> None:
    """An object that is not there is `NotFound`."""
    assert isinstance(refusal(got(Store(cloud.settings), "t/nothing")), NotFound)


AZURE = {"URL": "az://box", "AZURE_ACCOUNT": ACCOUNT}
BROKEN = [
    ({"URL": "az://box"}, "needs azure_account"),
    ({"URL": "az://Box_1/x", "AZURE_ACCOUNT": ACCOUNT}, "az://container/prefix"),
    ({"URL": "gs://bucket?x=1"}, "gs://bucket/prefix"),
    ({**AZURE, "AZURE_ACCOUNT_KEY": KEY, "AZURE_SAS": SHARED}, "one of them"),
    ({**AZURE, "AZURE_ACCOUNT_KEY": "hush hush"}, "base64"),
    ({**AZURE, "AZURE_SAS": "hush"}, "shared access signature"),
    ({**AZURE, "AZURE_SAS": "sv=1&st=hush"}, "shared access signature"),
    ({**AZURE, "AZURE_ENDPOINT": "http://127.0.0.1:10000/hush"}, "allow_http"),
    ({"URL": "gs://box", "GCS_ENDPOINT": "http://127.0.0.1:4443/hush"}, "allow_http"),
    ({"URL": "gs://box", "GCS_SERVICE_ACCOUNT_KEY": "/etc/hush.json"}, "not the path of a file"),
    ({"URL": "gs://box", "GCS_SERVICE_ACCOUNT_KEY": '["hush"]'}, "not the path of a file"),
    (
        {"URL": "gs://box", "GCS_SERVICE_ACCOUNT_KEY": '{"private_key": "hush"}'},
        "no client_email and no private_key_id",
    ),
    (
        {
            "URL": "gs://box",
            "GCS_SERVICE_ACCOUNT_KEY": json.dumps({"client_email": "a", "private_key": "hush", "private_key_id": "b"}),
        },
        "PEM",
    ),
]


@pytest.mark.parametrize(("given", "words"), BROKEN, ids=[str(number) for number in range(len(BROKEN))])
def test_settings_that_cannot_be(given: dict[str, str], words: str) -> None:
    """The house does not start with settings that lack something, says what in words, and shows no secret."""
    environ = {
        "ESTEIO_SECRET_KEY": "a master secret of at least thirty-two characters",
        "ESTEIO_DATABASE__URL": "postgresql://db.example.org/esteio",
        "ESTEIO_REDIS__URL": "redis://cache.example.org/0",
        **{f"ESTEIO_FILES__{name}": value for name, value in given.items()},
    }
    with pytest.raises(StartRefused) as refused:
        read_settings(sections(SHIPPED), environ=environ, dotenv=Path("nowhere"))
    assert words in str(refused.value)
    assert "ESTEIO_FILES" in str(refused.value)
    assert "hush" not in str(refused.value)
    with pytest.raises(ValidationError) as invalid:
        FilesSettings.model_validate({name.lower(): value for name, value in given.items()})
    assert "hush" not in str(invalid.value)


@pytest.mark.parametrize(
    "given",
    [
        {"url": "gs://box.of_files/a/b/", "gcs_service_account_key": "that of the account"},
        {"url": "gs://box"},
        {
            "url": "gs://box",
            "gcs_service_account_key": '{"disable_oauth":true,"client_email":"","private_key":"","private_key_id":""}',
        },
        {"url": "az://box-1/a", "azure_account": ACCOUNT, "azure_account_key": KEY},
        {"url": "az://box", "azure_account": ACCOUNT, "azure_sas": SHARED},
        {"url": "az://box", "azure_account": ACCOUNT, "azure_endpoint": "https://trial.blob.core.example"},
    ],
    ids=["key", "machine's", "emulator's", "account key", "signature", "another cloud"],
)
def test_settings_that_can_be(given: dict[str, str]) -> None:
    """Whatever a store can be reached with is taken by its driver, and shown by no representation."""
    if given.get("gcs_service_account_key") == "that of the account":
        given = {**given, "gcs_service_account_key": service_account()}
    settings = FilesSettings.model_validate(given)
    for name in ("gcs_service_account_key", "azure_account_key", "azure_sas"):
        assert name not in given or given[name] not in repr(settings)
    Store(settings)._opened()
