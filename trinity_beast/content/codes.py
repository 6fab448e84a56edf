"""Every refusal code and the HTTP status it travels under. A code is never renamed and never changes its status."""

from collections.abc import Mapping

STATUSES: Mapping[str, int] = {
    "KEY_MISSING": 401,
    "KEY_INVALID": 401,
    "KEY_REVOKED": 401,
    "KEY_EXPIRED": 401,
    "TIER_FORBIDS": 403,
    "ASSET_UNKNOWN": 404,
    "PRICE_STALE": 503,
    "PRICE_UNAVAILABLE": 503,
    "RATE_LIMITED": 429,
    "QUOTA_SPENT": 429,
    "REQUEST_INVALID": 400,
    "REQUEST_TOO_LARGE": 413,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_FOUND": 404,
    "OVERLOADED": 503,
    "DEPENDENCY_AWAY": 503,
    "REQUEST_TIMEOUT": 408,
    "ANSWER_TIMEOUT": 503,
    "NOT_READY": 503,
    "PARAMETER_INVALID": 400,
    "PARAMETER_UNKNOWN": 404,
    "SETTING_INVALID": 500,
    "INTERNAL": 500,
}

SAID_BY_THE_ENGINE = (
    "KEY_MISSING",
    "KEY_INVALID",
    "KEY_REVOKED",
    "KEY_EXPIRED",
    "TIER_FORBIDS",
    "ASSET_UNKNOWN",
    "PRICE_STALE",
    "PRICE_UNAVAILABLE",
    "RATE_LIMITED",
    "QUOTA_SPENT",
    "REQUEST_INVALID",
    "REQUEST_TOO_LARGE",
    "METHOD_NOT_ALLOWED",
    "NOT_FOUND",
    "OVERLOADED",
    "DEPENDENCY_AWAY",
    "REQUEST_TIMEOUT",
    "INTERNAL",
)
"""What the engine may have to say without asking Python."""
