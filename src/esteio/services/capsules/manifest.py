"""What capsules declare of themselves."""

from pathlib import Path

from fastapi import APIRouter

from esteio.limits.concurrency import Concurrency
from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.services.capsules import errors, events
from esteio.services.capsules.allowances import QUOTAS
from esteio.services.capsules.channels import CHANNELS
from esteio.services.capsules.health import health
from esteio.services.capsules.jobs import JOBS
from esteio.services.capsules.part import make_part
from esteio.services.capsules.routes import capsules, exporting, inspecting, ordering, reading
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.tasks import SCHEDULES

_V2 = APIRouter()
_V2.include_router(capsules.router)
_V2.include_router(ordering.router)
_V2.include_router(reading.router)
_V2.include_router(exporting.router)
_V2.include_router(inspecting.router)

MANIFEST = Manifest(
    name="capsules",
    title="Capsules",
    routers={"v1": ordering.v1, "v2": _V2},
    permissions={
        "capsules:read": "see the organisation's capsules, their versions and files",
        "capsules:create": "make capsules, and new versions of one's own",
        "capsules:write": "change, delete and restore one's own capsules",
        "capsules:export": "download capsules",
        "capsules:manage": "change, delete and restore everybody's capsules",
    },
    user_permissions=frozenset({"capsules:read", "capsules:create", "capsules:write", "capsules:export"}),
    at_once=(Concurrency("capsules.exports", 8, per="tenant"),),
    limits=(
        Policy("capsules.create", quota=10, window=60),
        Policy("capsules.inspect", quota=30, window=60),
    ),
    quotas=QUOTAS,
    settings=CapsulesSettings,
    errors=(
        errors.UnknownTechnology,
        errors.StackConflict,
        errors.CapsuleBusy,
        errors.CapsuleNotReady,
        errors.NoLongerRestorable,
        errors.TooManyVersions,
        errors.CapsuleTooLarge,
        errors.PathClash,
    ),
    events=events.ALL,
    jobs=JOBS,
    part=make_part,
    schedules=SCHEDULES,
    channels=CHANNELS,
    health=health,
    migrations=Path(__file__).parent / "migrations",
)
