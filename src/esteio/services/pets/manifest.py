"""What pets declare of themselves."""

from pathlib import Path

from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.services.pets import errors, events
from esteio.services.pets.routes import v1, v2
from esteio.services.pets.settings import PetsSettings

MANIFEST = Manifest(
    name="pets",
    title="Pet registry",
    routers={"v1": v1.router, "v2": v2.router},
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
    migrations=Path(__file__).parent / "migrations",
)
