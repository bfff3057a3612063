"""OAuth 2 for machines of others: clients, a secret in exchange for an access token, revocation, introspection.

RFC 6749 section 4.4, RFC 7009, RFC 7662, RFC 8414, RFC 9068.
"""
