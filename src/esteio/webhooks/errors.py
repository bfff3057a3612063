"""What is refused here beside what every part of the house refuses."""

from esteio.base.errors import Conflict, Unauthenticated


class InvalidSignature(Unauthenticated):
    """Says the same whatever is wrong: a forger learns nothing from it. The log knows more."""

    code = "INVALID_SIGNATURE"
    title = "The signature does not hold"
    words = "The signature is missing, wrong or too old for this body."


class EndpointDisabled(Conflict):
    code = "WEBHOOK_ENDPOINT_DISABLED"
    title = "The endpoint is disabled"
    words = "The endpoint is disabled: enable it before anything is sent to it."


class TooManyEndpoints(Conflict):
    code = "TOO_MANY_WEBHOOK_ENDPOINTS"
    title = "The tenant has as many endpoints as it may have"
    words = "The tenant has as many endpoints as it may have: delete one that is no longer needed."


class TooManySecrets(Conflict):
    code = "TOO_MANY_WEBHOOK_SECRETS"
    title = "The endpoint has as many secrets as it may have"
    words = "Several rotations of this endpoint still overlap: wait until the oldest secret has expired."
