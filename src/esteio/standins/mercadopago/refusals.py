"""What Mercado Pago answers instead of what was asked for."""

from __future__ import annotations

from esteio.standins.mercadopago.bodies import answered
from esteio.standins.wire import Answer

SLUGS = {401: "unauthorized", 404: "not_found", 409: "conflict", 423: "locked", 429: "too_many_requests"}

NOT_IN_THIS_STATE = 2018
NO_PAYMENT = 2000
NO_REFUND = 2032
TOO_OLD = 2024
WRONG_AMOUNT = 2085
NO_KEY = 4292
WRONG_URL = 4020


class Refused(Exception):
    """A call that is answered with an error; `code` is the number of its cause."""

    def __init__(self, message: str, status: int = 400, error: str | None = None, code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.error = error or SLUGS.get(status, "bad_request")
        self.code = code

    def answer(self) -> Answer:
        """The error in Mercado Pago's shape."""
        cause = [] if self.code is None else [{"code": self.code, "description": self.message, "data": None}]
        return answered(
            {"message": self.message, "error": self.error, "status": self.status, "cause": cause}, self.status
        )
