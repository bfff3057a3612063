"""What is kept of tenants, users, keys and sessions. A row with a `tenant_id` exists for that tenant only."""

from esteio.auth.tables.audit import AuditEntry
from esteio.auth.tables.keys import ApiKey, ApiKeyDigest, SigningKey
from esteio.auth.tables.limits import LimitOverride, Plan
from esteio.auth.tables.sessions import LoginAttempt, LoginSession, RefreshToken, RefreshTokenDigest
from esteio.auth.tables.users import Identity, Membership, Role, Tenant, User

__all__ = [
    "ApiKey",
    "ApiKeyDigest",
    "AuditEntry",
    "Identity",
    "LimitOverride",
    "LoginAttempt",
    "LoginSession",
    "Membership",
    "Plan",
    "RefreshToken",
    "RefreshTokenDigest",
    "Role",
    "SigningKey",
    "Tenant",
    "User",
]
