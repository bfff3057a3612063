"""What can be done to pets: who calls, in which transaction, at what time is given; what comes back is the row."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from esteio.base.clock import Clock
from esteio.base.errors import Conflict, Invalid, NotFound, PreconditionFailed
from esteio.base.ids import new_id
from esteio.base.principal import Principal
from esteio.events.events import EventType, tell
from esteio.files.records import FileRef, keep
from esteio.files.store import Written
from esteio.jobs.enqueue import enqueue
from esteio.services.pets import events
from esteio.services.pets.errors import ForbiddenTransition, NoLongerRestorable
from esteio.services.pets.models import Feeding, Pet
from esteio.services.pets.schemas import (
    FEEDING_FIELDS,
    PET_FIELDS,
    TRANSITIONS,
    FeedingView,
    NewFeeding,
    NewPet,
    PetChange,
    PetExport,
    PetsExport,
    PetView,
    Status,
)
from esteio.services.pets.tasks import EXPORT_PET, EXPORT_PETS, IMPORT_PETS, ImportOrder, OnePetOrder

_COLUMNS: list[InstrumentedAttribute[Any]] = [getattr(Pet, name) for name in PET_FIELDS]
_AHEAD = timedelta(days=1)
_ADVANCE = text("""
INSERT INTO pet_imports AS i (id, tenant_id, position) VALUES (:id, :tenant, :after)
ON CONFLICT (id) DO UPDATE SET position = EXCLUDED.position WHERE i.position = :before
RETURNING id
""")


async def register_pet(*, caller: Principal, session: AsyncSession, clock: Clock, data: NewPet) -> PetView:
    """A new pet, active, owned by the caller unless an owner is named. Tells `pet.created`."""
    now = clock.now()
    pet = Pet(
        **_members(caller, data), tenant_id=caller.tenant, status="active", version=1, created_at=now, updated_at=now
    )
    session.add(pet)
    await session.flush()
    view = await _view(session, pet.id)
    _tell(session, caller, events.PET_CREATED, events.PetFact(pet=view), view.id, now)
    return view


async def register_portion(
    *, caller: Principal, session: AsyncSession, clock: Clock, data: Sequence[NewPet], task: UUID, span: tuple[int, int]
) -> None:
    """The pets of some rows of an import, in a few statements. Tells `pet.created` of each.

    `span` is how many rows were done before and are done with these: it is written with the pets, so that no row is
    done twice or left out, however often the task is begun. Raises `Conflict` when another run has got further.
    """
    now = clock.now()
    times = {"created_at": now, "updated_at": now}
    ids = sorted(new_id() for _ in data)  # pets of the same moment are listed by their ids: in the order of the rows
    pets = [
        Pet(**_members(caller, new), **times, id=pet_id, tenant_id=caller.tenant, status="active", version=1)
        for pet_id, new in zip(ids, data, strict=True)
    ]
    session.add_all(pets)
    await session.flush()
    found = await session.execute(select(*_COLUMNS).where(Pet.id.in_([pet.id for pet in pets])))
    views = {row.id: PetView.model_validate(row) for row in found}
    for pet in pets:
        _tell(session, caller, events.PET_CREATED, events.PetFact(pet=views[pet.id]), pet.id, now)
    place = {"id": task, "tenant": caller.tenant, "before": span[0], "after": span[1]}
    if (await session.execute(_ADVANCE, place)).first() is None:
        raise Conflict("Another run of this import has got further.")


def _members(caller: Principal, new: NewPet) -> dict[str, Any]:
    return new.model_dump() | {"owner": new.owner or caller.label or caller.id}


async def order_export(*, caller: Principal, session: AsyncSession, data: PetsExport) -> UUID:
    """The task that writes the pets to a file."""
    return await enqueue(session, EXPORT_PETS, data, tenant=caller.tenant, principal=caller.id)


async def order_pet_export(*, caller: Principal, session: AsyncSession, pet_id: UUID, data: PetExport) -> UUID:
    """The task that writes a pet with its feedings to a file. Raises `NotFound`."""
    await _view(session, pet_id)
    order = OnePetOrder(pet_id=pet_id, format=data.format)
    return await enqueue(session, EXPORT_PET, order, tenant=caller.tenant, principal=caller.id)


async def order_import(
    *, caller: Principal, session: AsyncSession, clock: Clock, file: FileRef, written: Written
) -> UUID:
    """The task that registers the pets of a CSV file, which is kept from now on."""
    keep(session, file, written, tenant=caller.tenant, principal=caller.id, now=clock.now())
    order = ImportOrder(key=written.key, owner=caller.label or caller.id)
    return await enqueue(session, IMPORT_PETS, order, tenant=caller.tenant, principal=caller.id)


async def replace_pet(
    *, caller: Principal, session: AsyncSession, clock: Clock, pet_id: UUID, expected: int | None, data: NewPet
) -> PetView:
    """The whole pet but its status and times. Tells `pet.updated`.

    Raises `NotFound`, and `PreconditionFailed` with the present pet when its version is not `expected`.
    """
    members = data.model_dump()
    if members["owner"] is None:
        del members["owner"]
    return await _update(caller, session, clock.now(), pet_id, expected, members)


async def change_pet(
    *, caller: Principal, session: AsyncSession, clock: Clock, pet_id: UUID, expected: int | None, data: PetChange
) -> PetView:
    """Only the members that are named. Tells `pet.updated`. Raises as `replace_pet` does."""
    return await _update(caller, session, clock.now(), pet_id, expected, data.changes())


async def change_status(
    *, caller: Principal, session: AsyncSession, clock: Clock, pet_id: UUID, expected: int | None, status: Status
) -> PetView:
    """Another status, where the present one leads to it. Tells `pet.status_changed`; the same again tells nothing.

    Raises `ForbiddenTransition`, and as `replace_pet` does.
    """
    present = await _locked(session, pet_id, expected)
    if present.status == status:
        return present
    if status not in TRANSITIONS[present.status]:
        allowed = ", ".join(sorted(TRANSITIONS[present.status])) or "nothing"
        raise ForbiddenTransition(f"From {present.status} a pet may go to {allowed}.")
    now = clock.now()
    view = await _set(session, pet_id, None, {"status": status, "updated_at": now})
    assert view is not None, "the row is locked"
    fact = events.StatusFact(pet=view, previous=present.status)
    _tell(session, caller, events.PET_STATUS_CHANGED, fact, pet_id, now)
    return view


async def feed_pet(
    *, caller: Principal, session: AsyncSession, clock: Clock, pet_id: UUID, data: NewFeeding
) -> FeedingView:
    """A meal, now unless `fed_at` is said. A hungry or active pet is `fed` by it. Tells `pet.fed`.

    Raises `NotFound`, `Invalid` for a time that cannot be, `ForbiddenTransition` for a deceased pet.
    """
    now = clock.now()
    fed_at = data.fed_at or now
    if not datetime(2000, 1, 1, tzinfo=now.tzinfo) <= fed_at <= now + _AHEAD:
        raise Invalid.at("fed_at", "A feeding lies after 1999 and not in the future.")
    pet = await _locked(session, pet_id, None)
    if pet.status == "deceased":
        raise ForbiddenTransition("A deceased pet is not fed.")
    feeding = Feeding(
        tenant_id=caller.tenant, pet_id=pet_id, food=data.food, grams=data.grams, fed_at=fed_at, by=caller.id
    )
    session.add(feeding)
    await session.flush()
    if pet.status in ("active", "hungry"):
        pet = await _set(session, pet_id, None, {"status": "fed", "updated_at": now}) or pet
    view = FeedingView(**{name: getattr(feeding, name) for name in FEEDING_FIELDS})
    _tell(session, caller, events.PET_FED, events.FedFact(pet=pet, feeding=view), pet_id, now)
    return view


async def delete_pet(
    *, caller: Principal, session: AsyncSession, clock: Clock, pet_id: UUID, expected: int | None
) -> None:
    """Out of every list; it can be restored for a time. Tells `pet.deleted`. Raises as `replace_pet` does."""
    now = clock.now()
    if await _set(session, pet_id, expected, {"deleted_at": now, "updated_at": now}) is None:
        raise await _refusal(session, pet_id)
    _tell(session, caller, events.PET_DELETED, events.PetDeletedFact(id=pet_id, deleted_at=now), pet_id, now)


async def restore_pet(
    *, caller: Principal, session: AsyncSession, clock: Clock, pet_id: UUID, restorable_days: int
) -> PetView:
    """A deleted pet is there again; one that is not deleted stays as it is. Tells `pet.created`.

    Raises `NotFound`, and `NoLongerRestorable` when it was deleted too long ago.
    """
    found = await session.execute(select(Pet.deleted_at).where(Pet.id == pet_id).with_for_update())
    row = found.one_or_none()
    if row is None:
        raise NotFound
    if row.deleted_at is None:
        return await _view(session, pet_id)
    now = clock.now()
    if row.deleted_at < now - timedelta(days=restorable_days):
        raise NoLongerRestorable
    changes = {"deleted_at": None, "updated_at": now, "version": Pet.version + 1}
    await session.execute(update(Pet).where(Pet.id == pet_id).values(changes))
    view = await _view(session, pet_id)
    _tell(session, caller, events.PET_CREATED, events.PetFact(pet=view), pet_id, now)
    return view


async def _update(
    caller: Principal, session: AsyncSession, now: datetime, pet_id: UUID, expected: int | None, members: dict[str, Any]
) -> PetView:
    view = await _set(session, pet_id, expected, members | {"updated_at": now})
    if view is None:
        raise await _refusal(session, pet_id)
    _tell(session, caller, events.PET_UPDATED, events.PetFact(pet=view), pet_id, now)
    return view


async def _set(session: AsyncSession, pet_id: UUID, expected: int | None, values: dict[str, Any]) -> PetView | None:
    """Compare and set in one statement: `None` when the pet is not there or not in the expected version."""
    query = update(Pet).where(Pet.id == pet_id, Pet.deleted_at.is_(None))
    if expected is not None:
        query = query.where(Pet.version == expected)
    row = (await session.execute(query.values(version=Pet.version + 1, **values).returning(*_COLUMNS))).one_or_none()
    return None if row is None else PetView.model_validate(row)


async def _refusal(session: AsyncSession, pet_id: UUID) -> NotFound | PreconditionFailed:
    try:
        return PreconditionFailed(data=await _view(session, pet_id))
    except NotFound as missing:
        return missing


async def _locked(session: AsyncSession, pet_id: UUID, expected: int | None) -> PetView:
    """The pet, locked until the transaction ends, in the expected version."""
    view = await _view(session, pet_id, lock=True)
    if expected is not None and view.version != expected:
        raise PreconditionFailed(data=view)
    return view


async def _view(session: AsyncSession, pet_id: UUID, *, lock: bool = False) -> PetView:
    query = select(*_COLUMNS).where(Pet.id == pet_id, Pet.deleted_at.is_(None))
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound
    return PetView.model_validate(row)


def _tell(session: AsyncSession, caller: Principal, kind: EventType, fact: Any, pet_id: UUID, now: datetime) -> None:
    tell(session, kind, fact, subject=pet_id, tenant=caller.tenant, principal=caller.id, at=now)
