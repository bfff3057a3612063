"""Webhooks: signed deliveries to others, verified receipts from others."""
