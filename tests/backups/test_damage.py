"""A backup of which anything is other than it was written is refused, with nothing written."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from esteio.backups.errors import BackupDamaged, BackupRefused
from esteio.backups.manifest import NAME, Manifest
from tests.backups.conftest import Emptied, NewScene
from tests.backups.scene import Scene

PARTS = ("database.dump.0001", "files.tar.0001", "files.jsonl.0001")


def flipped(path: Path, _: Path) -> None:
    text = bytearray(path.read_bytes())
    text[len(text) // 2] ^= 1
    path.write_bytes(text)


def truncated(path: Path, _: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def longer(path: Path, _: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def missing(path: Path, _: Path) -> None:
    path.unlink()


def exchanged(path: Path, other: Path) -> None:
    shutil.copy(other, path)


DAMAGES = {one.__name__: one for one in (flipped, truncated, longer, missing, exchanged)}


@pytest.fixture(scope="module")
def two(new_scene: NewScene) -> tuple[Scene, Manifest, Manifest]:
    """A deployment with two backups of different moments."""
    first = new_scene()
    first.put_file()
    one = first.back_up()
    first.put_file()
    return first, one, first.back_up()


@pytest.fixture(scope="module")
def target(two: tuple[Scene, Manifest, Manifest], emptied: Emptied) -> Scene:
    return emptied(two[0])


@pytest.fixture
def victim(
    two: tuple[Scene, Manifest, Manifest], target: Scene, tmp_path: Path
) -> Iterator[tuple[Scene, Path, Path, str]]:
    """The target with a copy of the backups, the folders of both, and the id of the newer."""
    first, one, other = two
    place = tmp_path / "backups"
    shutil.copytree(first.place, place)
    yield target.with_(BACKUP__URL=place.as_uri()), place / other.id, place / one.id, other.id
    assert (target.rows(), target.contents()) == ({}, {})


@pytest.mark.parametrize("damage", list(DAMAGES))
@pytest.mark.parametrize("part", PARTS)
def test_a_damaged_part(victim: tuple[Scene, Path, Path, str], part: str, damage: str) -> None:
    """A part with one bit turned, cut, lengthened, missing, or of another backup is named, and nothing is written."""
    scene, folder, other, name = victim
    DAMAGES[damage](folder / part, other / part)
    with pytest.raises(BackupDamaged, match=part):
        scene.restore(name)


def edited(change: Callable[[dict[str, object]], object]) -> Callable[[Path, Path], None]:
    def edit(path: Path, _: Path) -> None:
        told = orjson.loads(path.read_bytes())
        change(told["manifest"])
        path.write_bytes(orjson.dumps(told))

    return edit


@pytest.mark.parametrize(
    "damage",
    [
        flipped,
        truncated,
        exchanged,
        edited(lambda said: said.update(runtime_role="postgres")),
        edited(lambda said: said.update(revisions=[])),
        edited(lambda said: said.update(format=2)),
        edited(lambda said: said.pop("tables")),
        lambda path, _: path.write_bytes(b"{}"),
        lambda path, _: path.write_bytes(b""),
    ],
    ids=["flipped", "truncated", "exchanged", "role", "revisions", "format", "tables", "empty object", "empty"],
)
def test_a_damaged_manifest(victim: tuple[Scene, Path, Path, str], damage: Callable[[Path, Path], None]) -> None:
    """A manifest that anybody changed without the master secret is refused, and the backup is listed as damaged."""
    scene, folder, other, name = victim
    damage(folder / NAME, other / NAME)
    with pytest.raises(BackupDamaged):
        scene.restore(name)
    assert scene.found() == [other.name]


def test_without_a_manifest(victim: tuple[Scene, Path, Path, str]) -> None:
    """What has no manifest is no backup: the newest one is another, and this one cannot be named."""
    scene, folder, other, name = victim
    (folder / NAME).unlink()
    assert scene.found() == [other.name]
    with pytest.raises(BackupRefused, match="no backup"):
        scene.restore(name)


def test_the_copy_unharmed_is_whole(victim: tuple[Scene, Path, Path, str]) -> None:
    """What the other tests damage is accepted before they do."""
    scene, folder, other, _ = victim
    assert scene.found() == [folder.name, other.name]
