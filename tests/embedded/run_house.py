"""`run_house.py DATA PORT`: what `esteio up` does, with the stand-in's commands."""

import os
import sys
from pathlib import Path

from esteio.embedded.address import Address
from esteio.embedded.commands import Commands
from esteio.embedded.house import House, Voice
from esteio.embedded.refusals import Refused

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))


def main(data: str, port: str) -> None:
    commands = Commands(
        (*STAND_IN, "migrate"),
        (*STAND_IN, "bootstrap"),
        (*STAND_IN, "serve", "127.0.0.1", port),
        worker=(*STAND_IN, "work", "worker"),
        scheduler=(*STAND_IN, "work", "scheduler"),
    )
    voice = Voice(
        note=lambda sentence: print(sentence, file=sys.stderr, flush=True),
        credentials=lambda told: print(*told.values(), flush=True),
        opened=lambda opened: print("ready at", opened.address.url, flush=True),
    )
    try:
        House(Path(data), Address("127.0.0.1", int(port)), commands, os.environ, voice).live()
    except Refused as refused:
        print(refused, file=sys.stderr)
        sys.exit(refused.code)


if __name__ == "__main__":
    main(*sys.argv[1:])
