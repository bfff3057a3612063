"""What shows and switches what is played of the outside: of development, and there only where somebody is played."""

from esteio.development.errors import StandInRefused, StandInSilent
from esteio.development.part import NAME, Development
from esteio.development.routes import PERMISSIONS, router
from esteio.manifest import Manifest
from esteio.settings import Settings


def development(settings: Settings) -> tuple[Manifest, ...]:
    """Nothing in production, and nothing where no file says who is played: then there are no such operations.

    They stand in no document and no role there, rather than being refused: nobody should have to wonder about them.
    """
    if settings.environment == "production" or not settings.development.stand_ins:
        return ()
    return (
        Manifest(
            name=NAME,
            title="Development",
            routers={"v2": router},
            permissions=PERMISSIONS,
            errors=(StandInSilent, StandInRefused),
            part=lambda _section, _resources: Development(settings.development),
        ),
    )
