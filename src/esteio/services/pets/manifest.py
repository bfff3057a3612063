"""What pets declare of themselves."""

from pathlib import Path

from fastapi import APIRouter

from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.services.pets import errors, events
from esteio.services.pets.channels import CHANNELS
from esteio.services.pets.jobs import JOBS
from esteio.services.pets.routes import later, v1, v2
from esteio.services.pets.settings import PetsSettings

_V2 = APIRouter()
_V2.include_router(later.router)
_V2.include_router(v2.router)

MANIFEST = Manifest(
    name="pets",
    title="Pet registry",
    routers={"v1": v1.router, "v2": _V2},
    public=frozenset(
        {
            "GET /api/v1/pets",
            "GET /api/v1/pets/search",
            "GET /api/v1/pets/{pet_id}",
            "GET /api/v2/pets",
            "GET /api/v2/pets/{pet_id}",
            "GET /api/v2/pets/{pet_id}/feedings",
        }
    ),
    permissions={
        "pets:write": "change pets and their status",
        "pets:delete": "delete and restore pets",
    },
    limits=(
        Policy("pets.list", quota=10, window=60, per="address"),
        Policy("pets.read", quota=60, window=60, per="address"),
    ),
    settings=PetsSettings,
    errors=(errors.ForbiddenTransition, errors.NoLongerRestorable),
    events=events.ALL,
    jobs=JOBS,
    channels=CHANNELS,
    migrations=Path(__file__).parent / "migrations",
)
