"""What is counted of other issuers' tokens, by the issuer as the operator wrote it."""

from functools import cache

from prometheus_client import Counter


@cache
def key_fetches() -> Counter:
    """`fetched` or `failed`."""
    return Counter("esteio_oidc_key_fetches_total", "Fetches of issuers' keys", ["issuer", "outcome"])


@cache
def refusals() -> Counter:
    """By what was wrong, such as `expired`, `key`, `signature`, `audience` or `organization`."""
    return Counter("esteio_oidc_refusals_total", "Tokens of issuers that were refused", ["issuer", "why"])


@cache
def provisioned() -> Counter:
    """What was made or changed on an issuer's word: `account`, `link`, `member`, `tenant`, `roles`."""
    return Counter("esteio_oidc_provisioned_total", "What tokens of issuers have brought about", ["issuer", "what"])
