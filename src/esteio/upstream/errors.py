"""What a caller of the house meets when a party outside fails it."""

from esteio.base.errors import Unavailable


class UpstreamUnavailable(Unavailable):
    """The party did not answer in time, answered what it must not, or was known to be down."""

    code = "UPSTREAM_UNAVAILABLE"
    title = "A party outside is unavailable"
    words = "A party outside that this needs is unavailable: try again after the seconds in Retry-After."
