"""What every artist takes and gives."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from esteio.services.petstory.schemas import Style


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that decodes, and what it took.

    `image` is a JPEG or PNG of `media_type`; `cost` is in US dollars, of all that was asked for this picture.
    """

    image: bytes
    media_type: str
    width: int
    height: int
    provider: str
    model: str
    cost: Decimal


class Artist(Protocol):
    """Draws; any number of callers may ask at once."""

    name: str
    model: str

    async def draw(self, photo: bytes, style: Style) -> Drawn:
        """The photo (JPEG, upright) in the style; raises what `outcomes` has, and nothing else of the party's."""
        ...

    async def aclose(self) -> None:
        """Give back what the artist holds; it draws no more."""
        ...


def art_key(order_id: UUID, photo_sha256: str, style: Style, provider: str, model: str) -> UUID:
    """The place of a picture among the objects: the same wherever and whenever the same picture is asked for."""
    parts = (str(order_id), photo_sha256.lower(), style, provider, model)
    # Lengths keep the parts apart, whatever characters a model's name may have.
    name = "|".join(f"{len(part)}:{part}" for part in parts)
    return uuid5(NAMESPACE_URL, f"petstory-art:{name}")
