"""The mails that the mail server of this machine took, and delivered to nobody."""

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from esteio.auth.caller import Caller
from esteio.base.errors import NotFound
from esteio.base.page import NumberedPage
from esteio.base.schema import Text
from esteio.development.mails import Mail, received_at, taken_apart
from esteio.development.part import Development, Played
from esteio.development.places import Place
from esteio.development.routes.asked import BASE, USE, written_down
from esteio.development.schemas import AttachmentView, HeaderView, MailDetailView, MailView
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import list_etag
from esteio.http.files import disposition
from esteio.http.pagination import Numbered, numbered_links, numbered_meta
from esteio.http.rules import rules

router = APIRouter(prefix="/mails")
MAILS = f"{BASE}/mails"
SERVER = ("smtp", "mail server")
PER_PAGE = 20

MailId = Annotated[str, Path(max_length=40, description="The mail's id")]
_ID = re.compile("[0-9]{20}")
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes, to be saved",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class MailsAsked(Numbered):
    to: Text | None = Query(None, max_length=254, description="To exactly this address")
    search: Text | None = Query(None, max_length=200, description="In sender, recipients or subject")


@router.get("", summary="List mails", response_model=Envelope[list[MailView]])
@rules(USE)
async def list_mails(asked: Annotated[MailsAsked, Query()], played: Played) -> Answer:
    """The newest first. `ETag` changes with each mail that comes or goes, so that a page can ask often."""
    number, per_page = asked.page or 1, asked.per_page or PER_PAGE
    query = {"take": str(per_page), "skip": str((number - 1) * per_page)}
    query |= {name: value for name, value in (("to", asked.to), ("search", asked.search)) if value}
    told = await played.control.ask(await played.party(*SERVER), "/mails", **query)
    page = NumberedPage([_view(one) for one in told["mails"]], told["total"], number, per_page)
    said = {"to": asked.to, "search": asked.search}
    return Answer(
        page.rows,
        etag=list_etag([(one.id, 1) for one in page.rows], page.total, number, per_page, said),
        links=numbered_links(MAILS, said, page),
        meta=numbered_meta(page),
    )


@router.delete("", status_code=204, summary="Delete all mails", response_class=NoContent)
@rules(USE)
async def delete_mails(request: Request, caller: Caller, played: Played) -> Answer:
    """They were delivered to nobody, and are gone then."""
    await played.control.tell(await played.party(*SERVER), "DELETE", "/mails")
    await written_down(request, caller, "mail.all_deleted", "mails")
    return NoContent()


@router.get("/{mail_id}", summary="Read a mail", response_model=Envelope[MailDetailView])
@rules(USE, errors=(404,))
async def read_mail(mail_id: MailId, played: Played) -> Answer:
    """What the envelope said and what is in it. Its HTML is as it was sent: nothing in it may run where it is shown."""
    server = await played.party(*SERVER)
    told = await played.control.ask(server, f"/mails/{_known(mail_id)}/told")
    mail = await _opened(played, server, mail_id)
    attachments = [
        AttachmentView(
            number=number,
            name=one.name,
            media_type=one.media_type,
            size=len(one.content),
            content_id=one.content_id,
        )
        for number, one in enumerate(mail.attachments, 1)
    ]
    headers = [HeaderView(name=name, value=value) for name, value in mail.headers]
    body = {"text": mail.text, "html": mail.html, "cut": mail.cut, "headers": headers, "attachments": attachments}
    detail = MailDetailView(**_view(told).model_dump(), **body)
    return Answer(detail, links=[Link(f"{MAILS}/{mail_id}", "self")], cache_control="no-store")


@router.delete("/{mail_id}", status_code=204, summary="Delete a mail", response_class=NoContent)
@rules(USE, errors=(404,))
async def delete_mail(request: Request, mail_id: MailId, caller: Caller, played: Played) -> Answer:
    """It was delivered to nobody, and is gone then."""
    await played.control.tell(await played.party(*SERVER), "DELETE", f"/mails/{_known(mail_id)}")
    await written_down(request, caller, "mail.deleted", f"mail:{mail_id}")
    return NoContent()


@router.get("/{mail_id}/source", summary="Download a mail", response_class=Response, responses=_BYTES)
@rules(USE, errors=(404,))
async def download_mail(mail_id: MailId, played: Played) -> Response:
    """Word for word as it was sent, to be opened by a mail program."""
    content = await played.control.send(await played.party(*SERVER), "GET", f"/mails/{_known(mail_id)}")
    return _saved(content, f"{mail_id}.eml")


@router.get(
    "/{mail_id}/attachments/{number}",
    summary="Download an attachment",
    response_class=Response,
    responses=_BYTES,
)
@rules(USE, errors=(404,))
async def download_attachment(
    mail_id: MailId, number: Annotated[int, Path(ge=1, le=10_000, description="Which, from 1")], played: Played
) -> Response:
    """Its bytes, only ever to be saved: a browser is told neither to show it nor to guess what it is."""
    mail = await _opened(played, await played.party(*SERVER), mail_id)
    if number > len(mail.attachments):
        raise NotFound("The mail has no such attachment.")
    attachment = mail.attachments[number - 1]
    return _saved(attachment.content, attachment.name)


async def _opened(played: Development, server: Place, mail_id: str) -> Mail:
    content = await played.control.send(server, "GET", f"/mails/{_known(mail_id)}")
    return await asyncio.to_thread(taken_apart, content)


def _known(mail_id: str) -> str:
    if not _ID.fullmatch(mail_id):
        raise NotFound("There is no such mail.")
    return mail_id


def _view(told: dict[str, Any]) -> MailView:
    return MailView(
        id=told["id"],
        sender=told["from"],
        to=told["to"],
        subject=told["subject"],
        date=told["date"],
        received_at=received_at(told["id"]),
        size=told["size"],
        tls=told["tls"],
        user=told["user"],
    )


def _saved(content: bytes, name: str) -> Response:
    headers = {"content-disposition": disposition(name), "cache-control": "no-store"}
    return Response(content, media_type="application/octet-stream", headers=headers)
