"""What every kind of process makes from its settings and the manifests it is given."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel

from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.db.database import Database
from esteio.files.files import Files
from esteio.mail.mailer import Mailer
from esteio.manifest import Manifest
from esteio.redis.bulletin import Bulletin
from esteio.redis.client import RedisClient
from esteio.resources import Resources
from esteio.settings import Settings
from esteio.telemetry.tracing.tracing import Tracing
from esteio.upstream.parties import Upstreams

CARRYING = {"plan_cache_mode": "force_custom_plan"}
"""The queue is empty now and long a minute later: a plan that was kept from then would read all of it each time."""

_PLATFORM = Path(__file__).parents[1] / "migrations" / "versions"


def sections(manifests: Iterable[Manifest]) -> dict[str, type[BaseModel]]:
    """The settings' sections of services, by name."""
    return {manifest.name: manifest.settings for manifest in manifests if manifest.settings is not None}


def migration_folders(manifests: Iterable[Manifest]) -> list[Path]:
    """The platform's revisions, then those of each service."""
    return [_PLATFORM, *service_folders(manifests)]


def service_folders(manifests: Iterable[Manifest]) -> list[Path]:
    """The folders of revisions that services bring along."""
    return [manifest.migrations for manifest in manifests if manifest.migrations is not None]


def make_resources(
    settings: Settings,
    clock: Clock,
    services: Iterable[Manifest] = (),
    *,
    name: str = "esteio",
    carries: bool = False,
) -> Resources:
    """What a process opens; `name` is what the database shows it as; `carries` says that it works on the queue."""
    redis = RedisClient(settings.redis.url.get_secret_value(), deadline=settings.redis.deadline)
    keyring = Keyring(settings.secret_key.get_secret_value())
    return Resources(
        clock=clock,
        keyring=keyring,
        database=Database(settings.database, name=name, options=CARRYING if carries else None),
        redis=redis,
        bulletin=Bulletin(redis),
        files=Files(settings.files, keyring, clock),
        mail=Mailer(settings.mail, clock),
        upstreams=Upstreams(
            {
                party.name: party.terms(settings.services[manifest.name])
                for manifest in services
                for party in manifest.upstreams
            },
            redis,
            clock,
            settings.upstream,
        ),
        tracing=Tracing(settings.telemetry, name),
    )
