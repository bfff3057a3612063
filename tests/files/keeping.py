"""Files put into a house without a task around them."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.files.records import FileRef, keep, new_key, reference
from esteio.resources import Resources
from tests.house import Served


@dataclass(frozen=True)
class Kept:
    """A file, where its object lies, and a link to it."""

    ref: FileRef
    key: str
    link: str


def kept(
    served: Served,
    data: bytes,
    *,
    name: str = "pets.csv",
    days: int = 7,
    expires_in: float | None = None,
    tenant: UUID = DEFAULT_TENANT,
) -> Kept:
    """A file with this content; it expires in so many days, or seconds."""
    after = timedelta(days=days) if expires_in is None else timedelta(seconds=expires_in)
    return served.run(lambda: keep_in(served.app.resources, data, name, after, tenant))


async def keep_in(
    resources: Resources,
    data: bytes,
    name: str = "pets.csv",
    after: timedelta = timedelta(days=7),
    tenant: UUID = DEFAULT_TENANT,
) -> Kept:
    """The same with resources that were opened for it."""
    now = resources.clock.now()
    async with resources.files.store.writing(new_key(tenant)) as upload:
        await upload.write(data)
    written = upload.written()
    ref = reference(written, name=name, media_type="text/csv", now=now, days=7)
    ref = ref.model_copy(update={"expires_at": now + after})
    async with transaction(resources.database, tenant) as session:
        keep(session, ref, written, tenant=tenant, principal="user:test", now=now)
    link = resources.files.links.address(tenant, ref.file_id, ref.expires_at)
    assert link is not None
    return Kept(ref, written.key, link)
