"""Taking a capsule away: the same bytes each time, whatever its size, and nothing that an archive should not hold."""

import hashlib
import io
import os
import socket
import tarfile
import threading
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psutil
import pytest

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.services.capsules import contents
from esteio.services.capsules.exports.archives import Format, Member, archive
from tests.capsules.maker import BASE, edits, give_plan, make
from tests.conftest import House
from tests.house import Served, eventually

MEGABYTE = 1_048_576
LARGE = 100
"""Megabytes."""


def export(served: Served, capsule: str, form: str = "zip", **params: Any) -> httpx.Response:
    return served.client.post(f"{BASE}/{capsule}/export", json={"format": form}, params=params, timeout=120)


def unpacked(answer: httpx.Response, form: str) -> dict[str, tuple[bytes, bool]]:
    """The members by path: bytes, and whether it is executable."""
    if form == "zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            return {
                info.filename: (archive.read(info), bool(info.external_attr >> 16 & 0o100))
                for info in archive.infolist()
            }
    with tarfile.open(fileobj=io.BytesIO(answer.content), mode="r:gz") as packed:
        found = {}
        for member in packed:
            assert member.isreg()
            file = packed.extractfile(member)
            assert file is not None
            found[member.name] = (file.read(), bool(member.mode & 0o100))
        return found


@pytest.fixture(scope="module")
def large(served: Served) -> str:
    """A capsule with a version of 100 MB in 400 files."""
    capsule = make(served.client, project_name="Large")["id"]

    async def grow() -> None:
        resources = served.app.resources
        noise = os.urandom(LARGE * MEGABYTE // 4)
        size = len(noise) // 100
        for part in range(4):
            files = [
                contents.TreeFile(
                    f"data/{part}/{number:03}.bin", bytes([part]) + noise[number * size : (number + 1) * size]
                )
                for number in range(100)
            ]
            async with transaction(resources.database, DEFAULT_TENANT, budget=60.0) as session:
                entries = await contents.keep_contents(session, files, tenant=DEFAULT_TENANT, now=resources.clock.now())
                tree = contents.Tree(tuple(entries))
                await contents.write_tree(session, tree, tenant=DEFAULT_TENANT, capsule=capsule, number=1)

    served.run(grow)
    return capsule


class TestArchive:
    @pytest.mark.parametrize("form", ["zip", "tar.gz"])
    def test_it_holds_the_files_of_the_version(self, served: Served, form: str) -> None:
        """Each file is there once, below a folder of the project's name, with its bytes and its mode."""
        capsule = make(served.client, project_name="My Shop")["id"]
        answer = export(served, capsule, form)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith(f'attachment; filename="my-shop-1.{form}"')
        found = unpacked(answer, form)
        listed = served.client.get(f"{BASE}/{capsule}/files", params={"per_page": 100}).json()["data"]
        assert sorted(found) == [f"my-shop/{row['path']}" for row in listed]
        for row in listed:
            content, executable = found[f"my-shop/{row['path']}"]
            assert hashlib.sha256(content).hexdigest() == row["sha256"]
            assert executable == row["executable"]
        assert found["my-shop/ci.sh"][1]

    @pytest.mark.parametrize("form", ["zip", "tar.gz"])
    def test_the_same_bytes_twice(self, served: Served, form: str) -> None:
        """An export says nothing of when and where it was made: equal versions are equal archives."""
        one, other = (make(served.client, project_name="Twin")["id"] for _ in range(2))
        first = export(served, one, form).content
        assert first == export(served, one, form).content == export(served, other, form).content

    def test_an_earlier_version(self, served: Served) -> None:
        """What was is exported as it was."""
        capsule = make(served.client)["id"]
        edits(served.client, capsule, {"new.txt": "new"})
        assert "orders-api/new.txt" in unpacked(export(served, capsule), "zip")
        assert "orders-api/new.txt" not in unpacked(export(served, capsule, version=1), "zip")
        assert export(served, capsule, version=9).status_code == 404

    def test_a_form_that_is_not_known(self, served: Served) -> None:
        answer = export(served, make(served.client)["id"], "rar")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "format")

    @pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a/../../b", "a\\b", "con"])
    def test_no_archive_holds_a_path_that_leads_out(self, served: Served, path: str) -> None:
        """Also where such a path had come to stand in the database, nothing of it is sent."""
        capsule = make(served.client)["id"]
        served.sql("UPDATE capsule_files SET path = $2 WHERE capsule_id = $1 AND path = 'README.md'", capsule, path)
        answer = export(served, capsule)
        assert answer.status_code == 500
        assert path not in answer.text


class TestLarge:
    @pytest.mark.parametrize("form", ["zip", "tar.gz"])
    def test_a_hundred_megabytes_in_constant_memory(self, served: Served, large: str, form: str) -> None:
        """While 100 MB are exported the process grows by a fraction of them, and others are answered."""
        process = psutil.Process()
        before, most, size, digest = process.memory_info().rss, 0, 0, hashlib.sha256()
        with served.client.stream("POST", f"{BASE}/{large}/export", json={"format": form}, timeout=120) as answer:
            assert answer.status_code == 200
            for piece in answer.iter_bytes():
                size += len(piece)
                digest.update(piece)
                most = max(most, process.memory_info().rss)
        assert size > LARGE * MEGABYTE
        assert most - before < 40 * MEGABYTE
        with served.client.stream("POST", f"{BASE}/{large}/export", json={"format": form}, timeout=120) as answer:
            again = hashlib.sha256()
            for piece in answer.iter_bytes():
                again.update(piece)
        assert again.digest() == digest.digest()

    def test_a_client_that_leaves_stops_the_work(self, served: Served, large: str) -> None:
        """Who hangs up in the middle leaves no download, no thread and no connection at work."""
        files, pool = served.app.resources.files, threading.active_count()
        with socket.create_connection((httpx.URL(served.url).host, httpx.URL(served.url).port or 0)) as line:
            body = b'{"format": "tar.gz"}'
            key = served.client.headers["x-api-key"].encode()
            line.sendall(
                b"POST %s/%s/export HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (BASE.encode(), large.encode(), key, len(body), body)
            )
            assert line.recv(65_536).startswith(b"HTTP/1.1 200")
            eventually(lambda: files._downloads == 1)
        eventually(lambda: files._downloads == 0, 20.0)
        assert threading.active_count() <= pool + 8
        assert export(served, make(served.client)["id"]).status_code == 200


def asked(served: Served, capsule: str, form: str) -> bytes:
    """A request for an export, as it stands on the line."""
    body = b'{"format": "%s"}' % form.encode()
    key = served.client.headers["x-api-key"].encode()
    return (
        b"POST %s/%s/export HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (BASE.encode(), capsule.encode(), key, len(body), body)
    )


class TestBroken:
    @pytest.mark.parametrize("form", ["zip", "tar.gz"])
    def test_what_breaks_off_has_no_end(self, served: Served, form: str) -> None:
        """An export that fails after its first bytes ends the connection without the last chunk: nobody takes it for
        whole. Its place among the downloads is free again."""
        capsule = make(served.client, project_name="Breaks")["id"]
        for part in range(4):
            noise = [os.urandom(98_304).hex() for _ in range(4)]
            edits(served.client, capsule, {f"data/{part}{n}.txt": text for n, text in enumerate(noise)})
        last = served.sql(
            "DELETE FROM capsule_files WHERE capsule_id = $1 AND path = 'data/33.txt' RETURNING sha256", capsule
        )
        served.sql("ALTER TABLE capsule_files DROP CONSTRAINT fk_capsule_files_content")
        try:
            served.sql(
                "UPDATE capsule_files SET sha256 = sha256(sha256) WHERE capsule_id = $1 AND path = 'data/32.txt'",
                capsule,
            )
            with socket.create_connection((httpx.URL(served.url).host, httpx.URL(served.url).port or 0), 30) as line:
                line.sendall(asked(served, capsule, form))
                said = b""
                while piece := line.recv(65_536):
                    said += piece
        finally:
            served.sql("DELETE FROM capsules WHERE id = $1", capsule)
            served.sql(
                "ALTER TABLE capsule_files ADD CONSTRAINT fk_capsule_files_content FOREIGN KEY (tenant_id, sha256) "
                "REFERENCES capsule_contents (tenant_id, sha256)"
            )
        assert len(last) >= 1
        assert said.startswith(b"HTTP/1.1 200")
        assert len(said) > 262_144
        assert not said.endswith(b"\r\n0\r\n\r\n")
        eventually(lambda: served.app.resources.files._downloads == 0)


class TestForms:
    @pytest.mark.anyio
    async def test_more_files_than_an_old_zip_could_hold(self) -> None:
        """70 000 files, more than a zip counts without its later extension, are all read again."""

        async def members() -> AsyncIterator[Member]:
            for number in range(70_000):
                yield Member(f"f/{number}", b"%d" % number, False)

        packed = b"".join([piece async for piece in archive("zip", members())])
        with zipfile.ZipFile(io.BytesIO(packed)) as opened:
            assert len(opened.infolist()) == 70_000
            assert opened.read("f/69999") == b"69999"

    @pytest.mark.parametrize("form", ["zip", "tar.gz"])
    @pytest.mark.anyio
    async def test_the_longest_paths(self, form: Format) -> None:
        """A path of 255 characters below a folder of a hundred comes out as it went in, the same bytes each time."""
        path = "d" * 100 + "/" + "/".join(["e" * 50] * 4) + "/" + "f" * 51

        async def members() -> AsyncIterator[Member]:
            yield Member(path, b"x", True)

        first, second = [b"".join([piece async for piece in archive(form, members())]) for _ in range(2)]
        assert first == second
        if form == "zip":
            with zipfile.ZipFile(io.BytesIO(first)) as opened:
                assert opened.namelist() == [path]
        else:
            with tarfile.open(fileobj=io.BytesIO(first), mode="r:gz") as unpacking:
                assert unpacking.getnames() == [path]


class TestCounted:
    def test_so_many_a_day(self, house: House) -> None:
        """The export after the last of the day is refused by the quota's name until midnight, and says so."""
        with house(LIMITS__ENABLED="false") as running:
            give_plan(running, "few", capsules_exports=2)
            capsule = make(running.client)["id"]
            answers = [export(running, capsule) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [200, 200, 429]
            refused = answers[2]
            assert refused.json()["errors"][0]["code"] == "QUOTA_SPENT"
            assert 0 < int(refused.headers["retry-after"]) <= 86_400
            assert '"capsules.exports";limit=2;used=2;remaining=0' in refused.headers["quota"]
            assert '"capsules.exports";limit=2;used=1;remaining=1' in answers[0].headers["quota"]
