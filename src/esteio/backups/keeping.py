"""What is in the place of backups: found by their manifests alone, checked part by part, removed when old."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from esteio.backups.errors import BackupDamaged, BackupRefused
from esteio.backups.manifest import NAME, Manifest, read
from esteio.backups.parts import Backups
from esteio.backups.sealing import Passing
from esteio.backups.streams import checked, stored_stream
from esteio.base.errors import NotFound
from esteio.files.store import Object

LEFT_AFTER = timedelta(days=1)
"""A part takes less than a day: a folder without a manifest whose youngest object is older is left over."""

_ID = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Found:
    """A backup in the place. `manifest` is `None` where it cannot be believed; `trouble` says why."""

    id: str
    manifest: Manifest | None
    trouble: str = ""

    @property
    def made_at(self) -> datetime:
        """By its name: also known of one whose manifest is damaged."""
        return datetime.strptime(self.id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


async def found(backups: Backups) -> list[Found]:
    """All that have a manifest, the newest first."""
    folders = await _folders(backups)
    return [
        await _found(backups, name)
        for name in sorted(folders, reverse=True)
        if any(item.key == f"{name}/{NAME}" for item in folders[name])
    ]


async def one(backups: Backups, name: str) -> Manifest:
    """The manifest of the backup of this id, or of the newest (`latest`).

    Raises `BackupRefused` where there is none, and as `manifest.read` does.
    """
    if name == "latest":
        folders = await _folders(backups)
        there = [folder for folder, items in folders.items() if any(item.key == f"{folder}/{NAME}" for item in items)]
        if not there:
            raise BackupRefused(f"There is no backup in {backups.settings.url}.")
        name = max(there)
    if not _ID.fullmatch(name):
        raise BackupRefused(f"{name} is not the id of a backup: `esteio backup list` shows them.")
    try:
        text = await backups.store.whole(f"{name}/{NAME}")
    except NotFound as error:
        raise BackupRefused(f"There is no backup {name} in {backups.settings.url}.") from error
    return read(text, backups.keyring, name)


async def _found(backups: Backups, name: str) -> Found:
    try:
        return Found(name, await one(backups, name))
    except (BackupDamaged, BackupRefused) as error:
        return Found(name, None, error.detail)


async def verify(backups: Backups, manifest: Manifest, through: Passing | None) -> int:
    """Read every part; how many bytes. With `through` what they hold is looked at too, which needs the secret key.

    Raises `BackupDamaged` for a part that is missing, or is not what was written.
    """
    size = 0
    for stream in manifest.streams.values():
        if through is not None:
            async for piece in stored_stream(backups.store, manifest.id, stream, through):
                size += len(piece)
            continue
        for part in stream.parts:
            async for piece in checked(backups.store, manifest.id, part):
                size += len(piece)
    return size


def over(there: Sequence[Found], last: int, daily: int, weekly: int, monthly: int) -> list[Found]:
    """Those that no rule keeps: so many of the newest, and of so many days, weeks (ISO) and months (UTC) the last.

    Days without a backup do not count, and the newest stays always. One that is damaged is neither counted nor
    removed: a person looks at it.
    """
    sound = sorted((item for item in there if item.manifest is not None), key=lambda item: item.id, reverse=True)
    kept = {item.id for item in sound[: max(last, 1)]}
    for most, form in ((daily, "%Y-%m-%d"), (weekly, "%G-%V"), (monthly, "%Y-%m")):
        ends: dict[str, str] = {}
        for item in sound:
            ends.setdefault(item.made_at.strftime(form), item.id)
        kept.update(list(ends.values())[:most])
    return [item for item in sound if item.id not in kept]


async def prune(backups: Backups, *, dry: bool = False) -> list[Found]:
    """Remove what no rule of the settings keeps; those that were removed, or would be.

    The manifest goes first: cut off in between, what is left is no backup. Several may do it at the same time: what
    another has removed meanwhile is gone, and is not told here.
    """
    settings = backups.settings
    if not settings.removes:
        return []
    rules = (settings.keep_last, settings.keep_daily, settings.keep_weekly, settings.keep_monthly)
    gone = over(await found(backups), *rules)
    if dry or not gone:
        return gone
    folders = await _folders(backups)
    there = [item for item in gone if item.id in folders]
    for item in there:
        await _remove(backups, item.id, folders[item.id])
    return there


async def sweep(backups: Backups) -> int:
    """Remove what a maker that was killed has left; of how many backups. To be called by whoever has the turn."""
    before = backups.clock.now() - LEFT_AFTER
    swept = 0
    for name, items in (await _folders(backups)).items():
        whole = any(item.key == f"{name}/{NAME}" for item in items)
        if not whole and max(item.modified for item in items) < before:
            await _remove(backups, name, items)
            swept += 1
    await backups.store.drop_unfinished(before)
    return swept


async def _remove(backups: Backups, name: str, items: Sequence[Object]) -> None:
    for item in sorted(items, key=lambda one: one.key != f"{name}/{NAME}"):
        await backups.store.delete(item.key)


async def _folders(backups: Backups) -> dict[str, list[Object]]:
    """The objects of each backup, whole or not. What is not named as ours is is not ours."""
    folders: defaultdict[str, list[Object]] = defaultdict(list)
    async for some in backups.store.listed():
        for item in some:
            name, _, rest = item.key.partition("/")
            if rest and _ID.fullmatch(name):
                folders[name].append(item)
    return dict(folders)
