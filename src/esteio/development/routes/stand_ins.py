"""The parties outside that are played here, and their faults."""

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request

from esteio.auth.caller import Caller
from esteio.base.errors import NotFound
from esteio.base.schema import Text
from esteio.development.acts import acts_of
from esteio.development.errors import StandInSilent
from esteio.development.part import Development, Played
from esteio.development.places import Place
from esteio.development.routes.asked import BASE, USE, written_down
from esteio.development.schemas import (
    ActView,
    FaultSetting,
    FaultView,
    RequestView,
    StandInView,
    SwitchedView,
)
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.rules import rules

router = APIRouter(prefix="/stand-ins")
Name = Annotated[str, Path(max_length=40, description="The party's name")]
FaultName = Annotated[str, Path(max_length=40, description="The fault's name")]
ActName = Annotated[str, Path(max_length=40, description="The act's name")]
MOST_PATHS = 200
TIMED = frozenset({"hang", "slow"})
REFUSED, NONE = "refused", "none"


@router.get("", summary="List stand-ins", response_model=Envelope[list[StandInView]])
@rules(USE)
async def list_stand_ins(played: Played) -> Answer:
    """Everybody who is played here, each as it is now; one that does not answer is shown as silent."""
    places = (await played.places()).values()
    found = await asyncio.gather(*(_looked_at(played, place) for place in places))
    return Answer(found, links=[Link(f"{BASE}/stand-ins", "self")], cache_control="no-store")


@router.get("/{name}", summary="Read a stand-in", response_model=Envelope[StandInView])
@rules(USE, errors=(404,))
async def read_stand_in(name: Name, played: Played) -> Answer:
    """What is switched on, what can be, and how often it was called."""
    return _shown(await _looked_at(played, await played.place(name)))


@router.get("/{name}/requests", summary="List a stand-in's calls", response_model=Envelope[list[RequestView]])
@rules(USE, errors=(404,))
async def list_requests(name: Name, played: Played) -> Answer:
    """How often each path was called, the most called first, and at most 200 of them."""
    told = await played.control.ask(await played.place(name))
    counted = sorted(told["calls"]["paths"].items(), key=lambda one: (-one[1], one[0]))[:MOST_PATHS]
    return Answer([RequestView(path=path, calls=calls) for path, calls in counted], cache_control="no-store")


@router.put("/{name}/faults/{fault}", summary="Switch a fault on", response_model=Envelope[StandInView])
@rules(USE, errors=(404,))
async def switch_fault(
    request: Request, name: Name, fault: FaultName, data: FaultSetting, caller: Caller, played: Played
) -> Answer:
    """From the next call on. Without a path it takes the place of all others; with one it overrules them there."""
    place = await played.place(name)
    _known(await played.control.ask(place), fault)
    told = await played.control.tell(place, "PUT", "", {"fault": fault, **data.model_dump(exclude_none=True)})
    details = {"fault": fault, "path": data.path, "seconds": data.seconds}
    await written_down(request, caller, "stand_in.fault_switched_on", f"stand_in:{name}", details)
    return _shown(_view(place, told))


@router.delete("/{name}/faults/{fault}", status_code=204, summary="Switch a fault off", response_class=NoContent)
@rules(USE, errors=(404,))
async def end_fault(
    request: Request,
    name: Name,
    fault: FaultName,
    caller: Caller,
    played: Played,
    path: Annotated[Text | None, Query(max_length=200, pattern="^/", description="On this path only")] = None,
) -> Answer:
    """From the next call on, wherever it was on, or on one path. One that is not on is not found."""
    place = await played.place(name)
    _known(await played.control.ask(place), fault)
    query = {} if path is None else {"path": path}
    try:
        await played.control.tell(place, "DELETE", f"/faults/{quote(fault, safe='')}", **query)
    except NotFound:
        raise NotFound("This fault is not switched on.") from None
    details = {"fault": fault, "path": path}
    await written_down(request, caller, "stand_in.fault_switched_off", f"stand_in:{name}", details)
    return NoContent()


@router.delete("/{name}/faults", status_code=204, summary="Switch all faults off", response_class=NoContent)
@rules(USE, errors=(404,))
async def end_faults(request: Request, name: Name, caller: Caller, played: Played) -> Answer:
    """It answers as the real one does from the next call on."""
    await played.control.tell(await played.place(name), "DELETE", "/faults")
    await written_down(request, caller, "stand_in.faults_switched_off", f"stand_in:{name}")
    return NoContent()


@router.post("/{name}/acts/{act}", summary="Tell a stand-in to do something", response_model=Envelope[StandInView])
@rules(USE, errors=(404,))
async def do_act(request: Request, name: Name, act: ActName, caller: Caller, played: Played) -> Answer:
    """One of those that the stand-in lists."""
    place = await played.place(name)
    found = acts_of(name).get(act)
    if found is None:
        raise NotFound("The stand-in knows no such act.")
    for step in found.steps:
        await played.control.tell(place, step.method, step.path, step.told)
    await written_down(request, caller, "stand_in.told", f"stand_in:{name}", {"act": act})
    return _shown(await _looked_at(played, place))


def _known(told: dict[str, Any], fault: str) -> None:
    if fault not in told["faults"] or fault == NONE:
        raise NotFound("The stand-in has no such fault.")


async def _looked_at(played: Development, place: Place) -> StandInView:
    try:
        return _view(place, await played.control.ask(place))
    except StandInSilent:
        members: dict[str, Any] = {"calls": None, "switched": [], "faults": [], "acts": []}
        return StandInView(name=place.name, title=place.title, url=place.url, state="silent", **members)


def _view(place: Place, told: dict[str, Any]) -> StandInView:
    switched = [SwitchedView(**one) for one in told["switched"]]
    return StandInView(
        name=place.name,
        title=place.title,
        url=place.url,
        state="refusing" if any(one.fault == REFUSED for one in switched) else "playing",
        calls=told["calls"]["total"],
        switched=switched,
        faults=[
            FaultView(fault=name, words=words, timed=name in TIMED, path=name != REFUSED)
            for name, words in told["faults"].items()
            if name != NONE
        ],
        acts=[ActView(act=name, words=act.words) for name, act in acts_of(place.name).items()],
    )


def _shown(view: StandInView) -> Answer:
    return Answer(view, links=[Link(f"{BASE}/stand-ins/{view.name}", "self")], cache_control="no-store")
