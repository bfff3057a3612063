"""What is played, as routes of the API's second version."""

from fastapi import APIRouter

from esteio.development.routes import mails, payments, stand_ins
from esteio.development.routes.asked import USE

PERMISSIONS = {USE: "See and switch what is played of the outside, mails included, where that is done"}
"""Of the platform: only callers of its own tenant can hold it."""

router = APIRouter(prefix="/development", tags=["development"])
for part in (mails, stand_ins, payments):
    router.include_router(part.router)
