"""What of outages an operator should know before ANEEL asks."""

from collections.abc import Sequence

from esteio.base.finding import Finding, warning
from esteio.resources import Resources
from esteio.services.outages.settings import REGULATOR, OutagesSettings

_UNSET = OutagesSettings.model_fields["email"].default


async def diagnosis(section: OutagesSettings, _: Resources) -> Sequence[Finding]:
    found = []
    if not section.allowed_networks:
        found.append(
            warning(
                "Anybody with a key may ask in ANEEL's name.",
                why="A key that is lost opens what is meant for the regulator alone.",
                fix=f"Name the regulator's network, {REGULATOR}, and your own for trials.",
                variable="ESTEIO_OUTAGES__ALLOWED_NETWORKS",
            )
        )
    if section.email == _UNSET:
        found.append(
            warning(
                "The address that ANEEL writes to when there is no answer is the one of the example.",
                why="Nobody reads there.",
                fix="Set the address of those who mend it.",
                variable="ESTEIO_OUTAGES__EMAIL",
            )
        )
    return found
