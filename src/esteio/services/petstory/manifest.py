"""What PetStory declares of itself."""

from pathlib import Path

from fastapi import APIRouter

from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.services.petstory import errors, events
from esteio.services.petstory.channels import CHANNELS
from esteio.services.petstory.jobs import JOBS
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.tasks import SCHEDULES

_V2 = APIRouter(prefix="/petstory")

MANIFEST = Manifest(
    name="petstory",
    title="PetStory",
    routers={"v2": _V2},
    public=frozenset(),
    permissions={
        "petstory:read": "see every order with its customer, its payments and its mails",
        "petstory:manage": "retry, expire and mail orders, and revoke their links",
        "petstory:refund": "give the money of orders back",
    },
    limits=(
        Policy("petstory.orders", quota=20, window=3600, per="address"),
        Policy("petstory.uploads", quota=60, window=3600, per="address"),
        Policy("petstory.read", quota=240, window=60, per="address"),
        Policy("petstory.act", quota=30, window=60, per="address"),
    ),
    settings=PetstorySettings,
    errors=(
        errors.OrderState,
        errors.TooManyPhotos,
        errors.UploadsExhausted,
        errors.PaymentsOff,
        errors.RefundRefused,
    ),
    events=events.ALL,
    jobs=JOBS,
    schedules=SCHEDULES,
    channels=CHANNELS,
    migrations=Path(__file__).parent / "migrations",
)
