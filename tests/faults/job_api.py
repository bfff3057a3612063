"""The API of the errands as a process: `python -m tests.faults.job_api PORT`. SIGTERM ends it as it ends any house."""

import sys

import uvicorn

from esteio.app import create_app
from esteio.cli.protocol import Protocol
from esteio.runtime.opening import sections
from esteio.settings import read_settings
from tests.faults.job_services import SERVICES


def main(port: int) -> None:
    app = create_app(read_settings(sections(SERVICES)), SERVICES)
    uvicorn.run(
        app,
        port=port,
        http=Protocol,
        ws="none",
        interface="asgi3",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
