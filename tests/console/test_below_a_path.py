"""The pages of a house that the world reaches below a path, behind a proxy that takes the path away."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.console.conftest import CHROMIUM, Visiting
from tests.console.entering import FOLLOWING, at, enter, fill, mailed, newcomer, send
from tests.console.lodging import PASSWORD, Lodging, lodging
from tests.deploy.proxies.front import nginx_program
from tests.house import eventually, unused_port

PATH = "/esteio"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
CONF = """
daemon off;
worker_processes 1;
pid {place}/nginx.pid;
error_log {place}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    {temporary}
    map $http_upgrade $connected {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{front};
        location {path}/ {{
            proxy_pass http://127.0.0.1:{port}/;
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connected;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
    }}
}}
"""


class Below(Lodging):
    """A house that people reach at its public address."""

    @property
    def url(self) -> str:
        return self.environment["ESTEIO_HTTP__PUBLIC_URL"]


@pytest.fixture(scope="module")
def lodge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Below]:
    """The house, and nginx before it."""
    program = nginx_program()
    if CHROMIUM is None or program is None:
        pytest.skip("Chromium or nginx is not installed here")
    place, front = tmp_path_factory.mktemp("below"), unused_port()
    with lodging(ESTEIO_HTTP__PUBLIC_URL=f"http://127.0.0.1:{front}{PATH}") as house:
        temporary = "".join(f"{name}_temp_path {place}/{name};\n    " for name in TEMPORARY)
        main = Path(place, "nginx.conf")
        main.write_text(CONF.format(place=place, front=front, port=house.port, path=PATH, temporary=temporary))
        proxy = subprocess.Popen([program, "-c", main, "-p", place, "-e", place / "error.log"])
        try:
            reached = Below(**{field.name: getattr(house, field.name) for field in fields(house)})
            eventually(lambda: _ready(reached), 30)
            yield reached
        finally:
            proxy.terminate()
            proxy.wait(30)


def _ready(house: Below) -> bool:
    try:
        return httpx.get(f"{house.url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_signing_in_and_live_work(lodge: Lodging, visit: Visiting) -> None:
    """A deep address asks who one is and leads there, lives on its socket, and is there again after a reload."""
    ana = lodge.person()
    with visit() as seen:
        seen.go("/console/pets?order=name-asc")
        expect(seen.page).to_have_url(re.compile(f"{PATH}/console/sign-in"))
        fill(seen.page, email=ana.email, password=PASSWORD)
        send(seen.page)
        at(seen.page, f"{PATH}/console/pets?order=name-asc")
        expect(seen.page.get_by_test_id("live")).to_be_visible()
        name = newcomer()
        assert ana.client.post("/api/v2/pets", json={"name": name[:40], "species": "cat"}).status_code == 201
        expect(seen.page.get_by_role("main")).to_contain_text(name[:40])
        seen.page.reload()
        at(seen.page, f"{PATH}/console/pets?order=name-asc")
        expect(seen.page.get_by_role("main")).to_contain_text(name[:40])


def test_links_in_mails_lead_to_its_pages(lodge: Lodging, visit: Visiting) -> None:
    """Who has forgotten their password gets the address of a page below the path, and comes in with a new one by it."""
    ana = lodge.person()
    with visit() as seen:
        seen.go("/console/forgotten")
        fill(seen.page, email=ana.email)
        send(seen.page)
        link, _ = mailed(lodge, ana.email, "reset")
        assert link.startswith(f"{lodge.url}/console/account/reset#")
        seen.page.goto(link)
        fill(seen.page, new_password=FOLLOWING)
        send(seen.page)
        expect(seen.page.get_by_role("status")).to_be_visible()
        seen.go("/console/sign-in")
        enter(seen.page, ana.email, FOLLOWING)
        at(seen.page, f"{PATH}/console")


@pytest.mark.parametrize("path", ["/petstory", "/outages", "/docs", "/no/such/page"])
def test_the_other_pages_are_there(lodge: Lodging, visit: Visiting, path: str) -> None:
    """The storefront, the outages, the documentation and an error page load all that they link."""
    with visit() as seen:
        seen.allowed = {404} if path.startswith("/no") else set()
        missing: list[str] = []
        seen.page.on(
            "response",
            lambda answer: missing.append(answer.url) if answer.status >= 400 and answer.url != there else None,
        )
        there = lodge.url + path
        seen.go(path)
        expect(seen.page.get_by_role("heading", level=1)).to_be_visible()
        seen.page.wait_for_load_state("networkidle")
        assert missing == []
