"""What several routes of this package ask of a request."""

from typing import Annotated

from fastapi import Depends, Query, Request

from esteio.auth.letters.kinds import Language
from esteio.auth.letters.language import language_of
from esteio.http.cursors import Cursors
from esteio.http.etags import version_condition
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.pagination import Paging


async def _expected(request: Request) -> int | None:
    return version_condition(exchange_of(request.scope).headers.get(b"if-match"))


async def _cursors(request: Request) -> Cursors:
    return house_of(request).cursors


async def _language(request: Request) -> Language:
    return language_of(exchange_of(request.scope).headers.get(b"accept-language", b"").decode("latin-1"))


async def _address(request: Request) -> str:
    return exchange_of(request.scope).address


Expected = Annotated[int | None, Depends(_expected)]
"""The row version that If-Match names."""

CursorsOfHouse = Annotated[Cursors, Depends(_cursors)]

Address = Annotated[str, Depends(_address)]
"""Where the caller is, as far as listed proxies may say."""

MailLanguage = Annotated[Language, Depends(_language)]
"""The language of what this request has mailed, by Accept-Language."""

Pages = Annotated[Paging, Query()]
