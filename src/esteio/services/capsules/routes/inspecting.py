"""Looking at a capsule's files: what two versions differ in, and whether a version is sound."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from esteio.base.page import NumberedPage
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.pagination import Numbered, numbered_links, numbered_meta
from esteio.http.rules import rules
from esteio.services.capsules import queries
from esteio.services.capsules.contents import entries_of
from esteio.services.capsules.inspection.inspectors import Inspectors
from esteio.services.capsules.inspection.looking import checked, compared, differences
from esteio.services.capsules.routes.asked import BASE, CapsuleId
from esteio.services.capsules.routes.exporting import Version
from esteio.services.capsules.schemas import DifferenceView, ReportView

router = APIRouter(prefix="/capsules", tags=["capsules"])
LIMITS = ("default", "capsules.inspect")
WITHIN = 15.0


class DiffAsked(Numbered):
    before: int | None = Query(
        None, alias="from", ge=1, le=2_147_483_647, description="A version; the one before `to` unless said"
    )
    after: int | None = Query(None, alias="to", ge=1, le=2_147_483_647, description="A version; the latest unless said")


@router.get("/{capsule_id}/diff", summary="Compare two versions", response_model=Envelope[list[DifferenceView]])
@rules("capsules:read", limits=LIMITS, time_budget=WITHIN, errors=(409,))
async def compare_versions(request: Request, capsule_id: CapsuleId, asked: Annotated[DiffAsked, Query()]) -> Answer:
    """The files in which they differ, by `page` and `per_page`, each as a unified diff. `omitted` says why lines are
    not shown: the file is `binary`, or it or the answer would be `too_large`.
    """
    house, tenant = house_of(request), exchange_of(request.scope).principal.tenant
    after = await queries.version_asked(house.database, tenant, capsule_id, asked.after)
    before = asked.before or await queries.version_before(house.database, tenant, capsule_id, after)
    if asked.before is not None:
        await queries.one_version(house.database, tenant, capsule_id, before)
    old = await entries_of(house.database, tenant, capsule_id, before)
    found = differences(old, await entries_of(house.database, tenant, capsule_id, after))
    page, per_page = asked.page or 1, asked.per_page or 100
    shown = found[(page - 1) * per_page : page * per_page]
    rows = await compared(_inspectors(request), house.database, tenant, shown)
    numbered = NumberedPage(rows, len(found), page, per_page)
    said = {"from": before, "to": after}
    return Answer(
        rows,
        links=numbered_links(f"{BASE}/{capsule_id}/diff", said, numbered),
        meta={**numbered_meta(numbered), **said},
        cache_control="no-store",
    )


@router.post("/{capsule_id}/validate", summary="Validate a capsule", response_model=Envelope[ReportView])
@rules("capsules:read", limits=LIMITS, time_budget=WITHIN, errors=(409,))
async def validate_capsule(request: Request, capsule_id: CapsuleId, version: Version = None) -> Answer:
    """Whether every file of a version is what its name says (Python, JavaScript, TypeScript, Go, JSON, TOML, YAML,
    Dockerfile), every path is safe, and what a project has is there. Nothing of it is run.
    """
    house, tenant = house_of(request), exchange_of(request.scope).principal.tenant
    number = await queries.version_asked(house.database, tenant, capsule_id, version)
    entries = await entries_of(house.database, tenant, capsule_id, number)
    report = await checked(_inspectors(request), house.database, tenant, entries)
    return Answer({"version": number, **report}, cache_control="no-store")


def _inspectors(request: Request) -> Inspectors:
    inspectors: Inspectors = house_of(request).parts["capsules"]
    return inspectors
