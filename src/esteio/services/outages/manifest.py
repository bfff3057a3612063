"""What outages declare of themselves."""

from pathlib import Path

from fastapi import APIRouter

from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.services.outages import errors, events
from esteio.services.outages.channels import CHANNELS
from esteio.services.outages.demands.contract import DEMAND_COUNTS, ONE_DEMAND
from esteio.services.outages.diagnosis import diagnosis
from esteio.services.outages.jobs import JOBS
from esteio.services.outages.manner import RadarManner
from esteio.services.outages.oms.age import health
from esteio.services.outages.part import OutagesPart
from esteio.services.outages.regulator.contract import INTERRUPTIONS
from esteio.services.outages.routes import bulk, demands, demands_bulk, ingest, page, polls, radar, summary, universe
from esteio.services.outages.settings import OutagesSettings
from esteio.services.outages.tasks import schedules

_V2 = APIRouter()
_V2.include_router(polls.router)
_V2.include_router(bulk.router)
_V2.include_router(ingest.router)
_V2.include_router(universe.router)
_V2.include_router(summary.router)
_V2.include_router(demands.router)
_V2.include_router(demands_bulk.router)

_PUBLIC = frozenset({"GET /api/v2/outages/summary"}) | page.PUBLIC


def _at_root(settings: OutagesSettings) -> APIRouter:
    router = APIRouter()
    router.include_router(radar.mounted(settings))
    router.include_router(page.router)
    return router


MANIFEST = Manifest(
    name="outages",
    title="Active interruptions",
    routers={"": _at_root, "v2": _V2},
    public=lambda settings: radar.public(settings) | _PUBLIC,
    permissions={
        "outages:poll": "ask in ANEEL's contract for active interruptions and counts of demands",
        "outages:personal": "ask in ANEEL's contract for a demand with its consumer's data",
        "outages:read": "see outages, the universe and the regulator's polls",
        "outages:ingest": "report, correct and close outages, load the universe",
        "outages:demands": "report demands, which hold consumers' data",
    },
    limits=(
        Policy("outages.radar", quota=10, window=60),
        Policy("outages.siblings", quota=10, window=60),
        Policy("outages.summary", quota=600, window=60, per="address"),
    ),
    settings=OutagesSettings,
    jobs=JOBS,
    schedules=schedules,
    command="esteio.services.outages.commands:outages",
    health=health,
    doctor=diagnosis,
    part=OutagesPart,
    manners={
        "radar": lambda settings, part: RadarManner(INTERRUPTIONS, settings, part),
        "radar.demandas": lambda settings, part: RadarManner(DEMAND_COUNTS, settings, part),
        "radar.demanda": lambda settings, part: RadarManner(ONE_DEMAND, settings, part),
    },
    errors=(errors.AddressNotAllowed,),
    events=events.ALL,
    channels=CHANNELS,
    migrations=Path(__file__).parent / "migrations",
)
