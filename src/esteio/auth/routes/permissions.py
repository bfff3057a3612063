"""Which permissions there are, for whoever makes a role or gives a key its scopes."""

from fastapi import APIRouter

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.permissions import ADMINISTRATION, area
from esteio.auth.schemas import PermissionView
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import AUTHENTICATED, rules

router = APIRouter(prefix="/permissions", tags=["roles"])


@router.get("", summary="List the permissions", response_model=Envelope[list[PermissionView]])
@rules(AUTHENTICATED)
async def list_permissions(auth: AuthParts, caller: Caller) -> Answer:
    """What can be held in the caller's tenant, by name. Nobody gives to others what they do not hold themselves."""
    names = auth.permissions.within(caller.tenant, auth.permissions.declared)
    found = [
        PermissionView(
            name=name,
            description=auth.permissions.declared[name],
            administration=area(name) in ADMINISTRATION,
            held=caller.may(name),
        )
        for name in sorted(names - {AUTHENTICATED})
    ]
    return Answer(found, cache_control="no-store")
