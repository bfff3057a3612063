"""What only PetStory can refuse."""

from esteio.base.errors import Conflict, FieldError, RateLimited, Unavailable


class OrderState(Conflict):
    code = "ORDER_STATE"
    title = "The order's present state does not allow this"
    words = "The order's present state does not allow this."

    @classmethod
    def at(cls, field: str, message: str) -> "OrderState":
        """A refusal of one named field of the body."""
        return cls(message, errors=[FieldError(cls.code, message, field, f"#/{field}")])


class TooManyPhotos(Conflict):
    code = "TOO_MANY_PHOTOS"
    title = "The order has as many photos as it may have"
    words = "The order has as many photos as it may have: remove one first."


class UploadsExhausted(RateLimited):
    code = "UPLOADS_EXHAUSTED"
    title = "Too much was sent for this e-mail address within the hour"
    words = "Too many photos or orders were sent for this e-mail address within the hour: try again later."


class MailsExhausted(RateLimited):
    code = "MAILS_EXHAUSTED"
    title = "The book of this order was mailed often enough for a day"
    words = "The book of this order was mailed as often as it may be within a day. Its link works all the same."


class PaymentsOff(Unavailable):
    code = "PAYMENTS_OFF"
    title = "Payments are not configured"
    words = "Payments are not configured here."


class RefundRefused(Conflict):
    code = "REFUND_REFUSED"
    title = "The payment cannot be refunded so"
    words = "The payment cannot be refunded so."
