"""What is kept of tenants, users, keys and sessions. A row with a `tenant_id` exists for that tenant only."""

from esteio.auth.tables.audit import AuditEntry
from esteio.auth.tables.keys import ApiKey, ApiKeyDigest, SigningKey
from esteio.auth.tables.limits import LimitOverride, Plan, PlanQuota, QuotaUse, TenantQuota
from esteio.auth.tables.mails import (
    AccountLetter,
    Invitation,
    MailRequest,
    MailToken,
    MailTokenDigest,
    Registration,
)
from esteio.auth.tables.oauth import OAuthClient, OAuthSecret, OAuthSecretDigest, RevokedToken
from esteio.auth.tables.sessions import LoginAttempt, LoginSession, RefreshToken, RefreshTokenDigest
from esteio.auth.tables.users import Identity, Membership, Role, Tenant, TenantIdentity, User

__all__ = [
    "AccountLetter",
    "ApiKey",
    "ApiKeyDigest",
    "AuditEntry",
    "Identity",
    "Invitation",
    "LimitOverride",
    "LoginAttempt",
    "LoginSession",
    "MailRequest",
    "MailToken",
    "MailTokenDigest",
    "Membership",
    "OAuthClient",
    "OAuthSecret",
    "OAuthSecretDigest",
    "Plan",
    "PlanQuota",
    "QuotaUse",
    "RefreshToken",
    "RefreshTokenDigest",
    "Registration",
    "RevokedToken",
    "Role",
    "SigningKey",
    "Tenant",
    "TenantIdentity",
    "TenantQuota",
    "User",
]
