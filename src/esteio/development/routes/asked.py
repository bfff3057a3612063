"""What the routes share: the permission, and how an act is written down."""

from typing import Any

from fastapi import Request

from esteio.auth.audit import Audit
from esteio.base.principal import Principal
from esteio.db.transaction import transaction
from esteio.http.house import house_of

USE = "development:use"
BASE = "/api/v2/development"


async def written_down(
    request: Request, caller: Principal, action: str, subject: str, details: dict[str, Any] | None = None
) -> None:
    """An entry in the audit log for what a stand-in was told and did.

    It is no part of the act: nobody outside is called while a transaction is open.
    """
    house = house_of(request)
    audit: Audit = house.parts["audit"]
    async with transaction(house.database, caller.tenant) as session:
        audit.write(session, action, subject, tenant=caller.tenant, actor=caller.id, details=details)
