"""`run_house.py DATA PORT`: what `esteio up` does, with the stand-in's commands.

PARTY in the environment: with a party outside that is played here. DEMO: with samples.
REVISIONS: what the migrations apply.
"""

import os
import sys
from pathlib import Path

from esteio.embedded.address import Address
from esteio.embedded.commands import Commands
from esteio.embedded.house import House, Opened, Voice
from esteio.embedded.refusals import Refused
from esteio.embedded.stand_ins import StandIn as Party

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))
PARTY = Party(
    "Party",
    lambda place: (*STAND_IN, "party", str(place.address.port), str(place.folder)),
    lambda place: {"PARTY_URL": place.url, "PARTY_SECRET": "known to both"},
    keeps="letters",
)


def tell(opened: Opened) -> None:
    for name, place in opened.stand_ins.items():
        print(name, place.url)
    print("ready at", opened.address.url, flush=True)


def main(data: str, port: str) -> None:
    commands = Commands(
        (*STAND_IN, "migrate"),
        (*STAND_IN, "bootstrap"),
        (*STAND_IN, "serve", "127.0.0.1", port),
        worker=(*STAND_IN, "work", "worker"),
        scheduler=(*STAND_IN, "work", "scheduler"),
        stand_ins=(PARTY,) if "PARTY" in os.environ else (),
        demo=(*STAND_IN, "demo") if "DEMO" in os.environ else None,
        revisions=os.environ.get("REVISIONS", ""),
    )
    voice = Voice(
        note=lambda sentence: print(sentence, file=sys.stderr, flush=True),
        credentials=lambda told: print(*told.values(), flush=True),
        opened=tell,
    )
    try:
        House(Path(data), Address("127.0.0.1", int(port)), commands, os.environ, voice).live()
    except Refused as refused:
        print(refused, file=sys.stderr)
        sys.exit(refused.code)


if __name__ == "__main__":
    main(*sys.argv[1:])
