"""What of PetStory an operator should know before customers come."""

from collections.abc import Sequence

from esteio.base.finding import Finding, note, warning
from esteio.resources import Resources
from esteio.services.petstory.settings import PetstorySettings

_SHORTEST = 16


async def diagnosis(section: PetstorySettings, _: Resources) -> Sequence[Finding]:
    found = []
    if section.paying and not section.mercadopago_live:
        found.append(
            warning(
                "Payments are trials.",
                why="Customers are sent to Mercado Pago's sandbox, where no money moves.",
                fix="Set it to true when the shop opens.",
                variable="ESTEIO_PETSTORY__MERCADOPAGO_LIVE",
            )
        )
    secrets = section.mercadopago_webhook_secret.get_secret_value().split(",")
    if section.paying and any(len(secret.strip()) < _SHORTEST for secret in secrets):
        found.append(
            warning(
                "The secret of Mercado Pago's notifications is short.",
                why="Who guesses it tells the house of payments; they are asked after, but each costs a call.",
                fix="Take the secret that Mercado Pago shows for the application.",
                variable="ESTEIO_PETSTORY__MERCADOPAGO_WEBHOOK_SECRET",
            )
        )
    if section.drawer == "local":
        found.append(
            note(
                "Pictures are drawn on this machine.",
                why="They are plain; that is meant for trials and for shops that chose so.",
                fix="Set the key of the Gemini API.",
                variable="ESTEIO_PETSTORY__GEMINI_API_KEY",
            )
        )
    return found
