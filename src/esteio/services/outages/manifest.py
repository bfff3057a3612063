"""What outages declare of themselves."""

from pathlib import Path

from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.services.outages import errors, events
from esteio.services.outages.settings import OutagesSettings

MANIFEST = Manifest(
    name="outages",
    title="Active interruptions",
    permissions={
        "outages:poll": "ask in ANEEL's contract for active interruptions and counts of demands",
        "outages:personal": "ask in ANEEL's contract for a demand with its consumer's data",
        "outages:read": "see outages, the universe and the regulator's polls",
        "outages:ingest": "report, correct and close outages, load the universe",
        "outages:demands": "report demands, which hold consumers' data",
    },
    limits=(
        Policy("outages.radar", quota=10, window=60),
        Policy("outages.summary", quota=60, window=60, per="address"),
    ),
    settings=OutagesSettings,
    errors=(errors.AddressNotAllowed,),
    events=events.ALL,
    migrations=Path(__file__).parent / "migrations",
)
