"""The routes of this package, who may call them, and how often senders may."""

from fastapi import APIRouter

from esteio.webhooks.routes import deliveries, endpoints, hooks, receipts

__all__ = ["HOOKS_LIMIT", "PERMISSIONS", "PUBLIC", "router"]

PERMISSIONS = {
    "webhooks:read": "See the tenant's webhook endpoints, deliveries and received webhooks",
    "webhooks:write": "Make, change, try out and replay the tenant's webhooks",
}
PUBLIC = frozenset({"POST /api/v2/hooks/{source}"})
"""Whoever sends there proves itself by a signature, not by credentials."""

HOOKS_LIMIT = hooks.LIMIT

router = APIRouter()
for _part in (endpoints.router, deliveries.router, receipts.router, hooks.router):
    router.include_router(_part)
