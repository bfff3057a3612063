"""What PetStory declares of itself."""

from pathlib import Path

from fastapi import APIRouter

from esteio.limits.concurrency import Concurrency
from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.services.petstory import errors, events
from esteio.services.petstory.channels import CHANNELS
from esteio.services.petstory.diagnosis import diagnosis
from esteio.services.petstory.health import health
from esteio.services.petstory.jobs import JOBS
from esteio.services.petstory.payments.incoming import NOTIFICATIONS
from esteio.services.petstory.payments.party import MERCADOPAGO
from esteio.services.petstory.routes import (
    admin,
    books,
    checkout,
    live,
    notifications,
    offer,
    orders,
    pages,
    photos,
    previews,
)
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.tasks import SCHEDULES
from esteio.services.petstory.thumbnails import Thumbnails

_V2 = APIRouter(prefix="/petstory")
_V2.include_router(offer.router)
_V2.include_router(orders.router)
_V2.include_router(live.router)
_V2.include_router(photos.router)
_V2.include_router(previews.router)
_V2.include_router(checkout.router)
_V2.include_router(notifications.router)
_V2.include_router(books.router)
_V2.include_router(admin.router)

MANIFEST = Manifest(
    name="petstory",
    title="PetStory",
    routers={"": pages.router, "v2": _V2},
    public=frozenset(
        {
            "POST /api/v2/petstory/orders",
            "POST /api/v2/petstory/orders/{link}/checkout",
            "POST /api/v2/petstory/webhooks/mercadopago",
            "GET /api/v2/petstory/orders/{link}",
            "PATCH /api/v2/petstory/orders/{link}",
            "POST /api/v2/petstory/orders/{link}/cancel",
            "POST /api/v2/petstory/orders/{link}/photos",
            "GET /api/v2/petstory/orders/{link}/photos/{photo_id}",
            "GET /api/v2/petstory/orders/{link}/photos/{photo_id}/thumbnail",
            "DELETE /api/v2/petstory/orders/{link}/photos/{photo_id}",
            "POST /api/v2/petstory/orders/{link}/preview",
            "GET /api/v2/petstory/orders/{link}/arts/{art_id}",
            "GET /api/v2/petstory/orders/{link}/arts/{art_id}/preview",
        }
    )
    | books.PUBLIC
    | live.PUBLIC
    | offer.PUBLIC
    | pages.PUBLIC,
    permissions={
        "petstory:orders": "see every order with its customer, its payments and its mails",
        "petstory:manage": "retry, expire and mail orders, and revoke their links",
        "petstory:refund": "give the money of orders back",
    },
    at_once=(Concurrency("petstory.uploads", 8, per="address"),),
    limits=(
        Policy("petstory.orders", quota=20, window=3600, per="address"),
        Policy("petstory.uploads", quota=60, window=3600, per="address"),
        Policy("petstory.read", quota=240, window=60, per="address"),
        Policy("petstory.act", quota=30, window=60, per="address"),
    ),
    settings=PetstorySettings,
    part=Thumbnails,
    errors=(
        errors.OrderState,
        errors.TooManyPhotos,
        errors.UploadsExhausted,
        errors.MailsExhausted,
        errors.PaymentsOff,
        errors.RefundRefused,
    ),
    events=events.ALL,
    health=health,
    doctor=diagnosis,
    jobs=JOBS,
    schedules=SCHEDULES,
    channels=CHANNELS,
    incoming=(NOTIFICATIONS,),
    upstreams=(MERCADOPAGO,),
    command="esteio.services.petstory.commands:petstory",
    migrations=Path(__file__).parent / "migrations",
)
