"""Backups in a bucket, and what becomes of one when the bucket goes away."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from esteio.backups import keeping
from esteio.backups.sealing import plain
from esteio.base.errors import Unavailable
from tests.backups.conftest import Emptied, NewScene
from tests.files.s3 import BUCKET, Bucket, Line, s3_server

PLACE = f"s3://{BUCKET}/backups"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3_server() as running:
        yield running


def reached(bucket: Bucket) -> dict[str, str]:
    """The files stay in a folder; of the bucket only how it is reached is said under FILES."""
    return {name: text for name, text in bucket.environment.items() if name != "FILES__URL"}


def test_in_a_bucket(bucket: Bucket, new_scene: NewScene, emptied: Emptied) -> None:
    """A backup in a bucket is listed, verified, restored and pruned as one in a folder is."""
    first = new_scene(**reached(bucket), BACKUP__URL=PLACE, BACKUP__KEEP_LAST="1", BACKUP__KEEP_DAILY="1")
    first.put_file()
    old, new = first.back_up(), first.back_up()
    assert first.found() == [new.id]
    assert not [key for key in bucket.listed() if old.id in key]
    assert asyncio.run(keeping.verify(first.backups, new, plain)) > new.file_bytes
    second = emptied(first)
    second.restore()
    assert second.contents() == first.contents()


def test_the_bucket_goes_away(bucket: Bucket, new_scene: NewScene) -> None:
    """A bucket that is cut off half-way fails the backup; nothing of it is taken for one, and the next one is made."""
    port = int(bucket.endpoint.rpartition(":")[2])
    line = Line(port)
    line.open()
    try:
        first = new_scene(**reached(Bucket(f"http://127.0.0.1:{line.port}")), BACKUP__URL=f"{PLACE}-2")
        first.put_file(os.urandom(3_000_000))
        line.cut_after(1_000_000)
        with pytest.raises(Unavailable):
            first.back_up()
    finally:
        line.close()
    back = first.with_(**reached(bucket))
    assert back.found() == []
    assert first.sql("SELECT state FROM backups")[0]["state"] == "failed"
    manifest = back.back_up()
    assert back.found() == [manifest.id]
