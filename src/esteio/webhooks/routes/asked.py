"""What several routes of this package ask of a request."""

from typing import Annotated, cast

from fastapi import Depends, Request

from esteio.http.house import house_of
from esteio.webhooks.parts import Webhooks


async def _parts(request: Request) -> Webhooks:
    return cast("Webhooks", house_of(request).parts["webhooks"])


WebhookParts = Annotated[Webhooks, Depends(_parts)]
"""This package's parts, as made with the process."""
