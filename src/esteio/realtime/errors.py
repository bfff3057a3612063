"""What only realtime refuses with."""

from esteio.base.errors import EsteioError


class UpgradeRequired(EsteioError):
    code = "UPGRADE_REQUIRED"
    status = 426
    title = "This address speaks WebSocket"
    words = "Ask for an upgrade to WebSocket, or read /api/v2/stream over plain HTTP."

    def __init__(self) -> None:
        super().__init__(headers={"Upgrade": "websocket", "Connection": "Upgrade"})
