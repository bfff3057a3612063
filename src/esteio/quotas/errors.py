"""The two ways in which a quota refuses."""

from esteio.base.errors import Forbidden, RateLimited
from esteio.quotas.quota import Quota
from esteio.quotas.standing import HEADER, Standing, field


class QuotaExceeded(Forbidden):
    """There would be more than the tenant may have. `data` has the standing and `asked`."""

    code = "QUOTA_EXCEEDED"
    title = "The plan does not allow more of this"
    words = "The quota is used up: remove what is no longer needed, or ask for a larger plan."
    passing = True


class QuotaSpent(RateLimited):
    """More would be used in the period than the tenant may. `data` has the standing and `asked`."""

    code = "QUOTA_SPENT"
    title = "The plan does not allow more of this for now"
    words = "The quota of the period is used up: try again after the seconds in Retry-After, or ask for a larger plan."
    passing = True


def refusal(quota: Quota, standing: Standing, asked: int) -> QuotaExceeded | QuotaSpent:
    """The refusal of so much more, with every number that explains it and the way out."""
    headers = {HEADER: field([standing])}
    data = {**standing.as_dict(), "asked": asked}
    most = f"{standing.limit} {quota.unit}" if standing.limit is not None else f"{quota.unit} without bound"
    counted = f"The quota {quota.name} allows {most}"
    taken = f"{standing.used} of them are used and this needs {asked} more."
    if standing.resets_at is None:
        way = "Remove what is no longer needed, or ask for a larger plan."
        return QuotaExceeded(f"{counted}; {taken} {way}", headers=headers, data=data)
    way = f"It is counted anew from {standing.resets_at:%Y-%m-%dT%H:%M:%SZ} on; a larger plan allows more at once."
    headers["Retry-After"] = str(standing.seconds)
    return QuotaSpent(f"{counted} a {quota.every}; {taken} {way}", headers=headers, data=data)
