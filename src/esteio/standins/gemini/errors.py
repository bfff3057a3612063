"""Errors as Google's APIs write them, quotas and their waiting times above all."""

from __future__ import annotations

from typing import Any

from esteio.standins.wire import Answer, written

RPC = "type.googleapis.com/google.rpc."
HELP = {"@type": f"{RPC}Help", "links": [{"description": "Learn more", "url": "https://quota.example.org/limits"}]}
METRIC = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
PER_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
PER_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"


def error(code: int, status: str, message: str, *details: dict[str, Any], listed: bool = False) -> Answer:
    """An error's JSON; `listed`: as the only element of a list, which some of Google's front ends answer."""
    told: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        told["details"] = list(details)
    return written([{"error": told}] if listed else {"error": told}, code)


def no_key() -> Answer:
    words = "Method doesn't allow unregistered callers (callers without established identity). Please use API Key."
    return error(403, "PERMISSION_DENIED", words)


def wrong_key() -> Answer:
    info = {
        "@type": f"{RPC}ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
    return error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", info)


def no_model(version: str, model: str) -> Answer:
    words = f"models/{model} is not found for API version {version}, or is not supported for generateContent."
    return error(404, "NOT_FOUND", words)


def exhausted(
    model: str, seconds: float | None, quota: str = PER_MINUTE, limit: int | None = None, *, listed: bool = False
) -> Answer:
    """429; with the seconds to wait, in words and in a `RetryInfo`, where they are told."""
    failure = {
        "@type": f"{RPC}QuotaFailure",
        "violations": [{"quotaMetric": METRIC, "quotaId": quota, "quotaDimensions": {"model": model}}],
    }
    words = "You exceeded your current quota, please check your plan and billing details."
    if limit is not None:
        words += f"\n* Quota exceeded for metric: {METRIC}, limit: {limit}, model: {model}"
    if seconds is None:
        return error(429, "RESOURCE_EXHAUSTED", words, *([HELP] if limit is None else [failure, HELP]), listed=listed)
    retry = {"@type": f"{RPC}RetryInfo", "retryDelay": f"{seconds:g}s"}
    words += f"\nPlease retry in {seconds:g}s."
    return error(429, "RESOURCE_EXHAUSTED", words, failure, HELP, retry, listed=listed)
