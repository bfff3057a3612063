"""Changing a capsule: what it says, and files of one's own. What goes into its files makes a new version."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import Invalid
from esteio.base.principal import Principal
from esteio.services.capsules.allowances import charge
from esteio.services.capsules.contents import Entry, TreeFile, tree_of
from esteio.services.capsules.events import CAPSULE_QUEUED, CAPSULE_UPDATED
from esteio.services.capsules.generation import demand_provider, enqueue_generation
from esteio.services.capsules.holding import Actor, changed, demand_idle, demand_owner, held
from esteio.services.capsules.making import made, said_of, wish_of
from esteio.services.capsules.models import Capsule
from esteio.services.capsules.packs.names import package, slug
from esteio.services.capsules.packs.paths import UnsafePath, demand_safe
from esteio.services.capsules.schemas import CapsuleChange, CapsuleView, FileEdit
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.states import Cause, Provider
from esteio.services.capsules.versions import Draft, add_version

WRITTEN = frozenset({"project_name", "description", "tech_stack", "requirements", "constraints"})
"""Members that the files are made from."""


async def change(
    session: AsyncSession,
    capsule_id: UUID,
    data: CapsuleChange,
    *,
    caller: Principal,
    actor: Actor,
    expected: int | None,
    section: CapsulesSettings,
) -> CapsuleView:
    """Only the members that are named. Raises `NotFound`, `Forbidden`, `CapsuleBusy`, `PreconditionFailed`, and as
    a new version does.
    """
    capsule = await held(session, capsule_id, expected=expected)
    demand_owner(session, caller, capsule, "capsule.updated", actor=actor)
    demand_idle(capsule)
    given = data.changes()
    kind = _kind(capsule)
    for name in given.keys() - {"files"}:
        setattr(capsule, {"metadata": "labels"}.get(name, name), given[name])
    before, size = capsule.current, 0
    if WRITTEN & given.keys() or data.files:
        size = await _new_version(session, capsule, data, kind, actor=actor, section=section)
    view = await changed(session, capsule, CAPSULE_UPDATED, actor=actor)
    first = before == 0 and capsule.current > 0
    await charge(session, capsules=first, storage=size, tenant=actor.tenant, now=actor.now)
    return view


async def regenerate(
    session: AsyncSession,
    capsule_id: UUID,
    wanted: Provider | None,
    *,
    caller: Principal,
    actor: Actor,
    section: CapsulesSettings,
) -> UUID:
    """The job that makes a new version by the packs of today. Raises as `change` does."""
    capsule = await held(session, capsule_id)
    demand_owner(session, caller, capsule, "capsule.regenerated", actor=actor)
    demand_idle(capsule)
    provider = demand_provider(wanted, section)
    without = capsule.current == 0
    job = await enqueue_generation(session, capsule, provider, "regenerated", actor=actor)
    await changed(session, capsule, CAPSULE_QUEUED, actor=actor)
    await charge(session, capsules=without, tenant=actor.tenant, now=actor.now)
    return job


async def _new_version(
    session: AsyncSession,
    capsule: Capsule,
    data: CapsuleChange,
    kind: tuple[str, str],
    *,
    actor: Actor,
    section: CapsulesSettings,
) -> int:
    """The bytes of the version."""
    wish = wish_of(said_of(capsule))
    capsule.technologies, capsule.base = list(wish.choice.technologies), wish.choice.base
    before = (await tree_of(session, capsule.id, capsule.current)).entries
    written = bool(WRITTEN & data.model_fields_set) or capsule.current == 0
    files = await made(wish) if written else []
    kept = [entry for entry in before if not written or _stays(entry, same_kind=kind == _kind(capsule))]
    edits = data.files or []
    _demand_fit(edits, {entry.path for entry in kept} | {file.path for file in files})
    gone = {edit.path for edit in edits}
    own = [TreeFile(edit.path, edit.content.encode(), origin="edit") for edit in edits if edit.content is not None]
    draft = Draft(
        [*(file for file in files if file.path not in gone | _own(kept)), *own],
        [entry for entry in kept if entry.path not in gone],
        wish.choice.pack,
        "gemini" if any(entry.origin == "model" for entry in kept) else "template",
        _cause(written),
    )
    capsule.status, capsule.reason = "completed", None
    _, size = await add_version(session, capsule, draft, actor=actor, section=section)
    return size


def _kind(capsule: Capsule) -> tuple[str, str]:
    """What the model's files were written for: another pack, or another package, has no place for them."""
    return capsule.base, package(slug(capsule.project_name))


def _stays(entry: Entry, *, same_kind: bool) -> bool:
    """What a person wrote stays in every version; what the model wrote, as long as it is the same kind of project."""
    return entry.origin == "edit" or (entry.origin == "model" and same_kind)


def _own(kept: Iterable[Entry]) -> set[str]:
    return {entry.path for entry in kept}


def _demand_fit(edits: Iterable[FileEdit], paths: set[str]) -> None:
    seen: set[str] = set()
    for place, edit in enumerate(edits):
        try:
            demand_safe(edit.path)
        except UnsafePath as error:
            raise Invalid.at(f"files.{place}.path", f"{error}.", code="UNSAFE_PATH") from error
        if edit.path in seen:
            raise Invalid.at(f"files.{place}.path", "This path is named twice.", code="DUPLICATE_PATH")
        if edit.content is None and edit.path not in paths:
            raise Invalid.at(f"files.{place}.path", "There is no such file to remove.", code="NO_SUCH_FILE")
        seen.add(edit.path)


def _cause(written: bool) -> Cause:
    return "changed" if written else "edited"
