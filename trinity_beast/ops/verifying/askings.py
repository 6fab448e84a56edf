"""Everything public that is asked of a node's ports, and what the contract promises of each answer."""

import json
from collections.abc import Mapping, Sequence

from trinity_beast.ops.verifying.judging import describes, has_fields, missing_told, price_faults, prices_faults
from trinity_beast.ops.verifying.model import Asking

UNKNOWN = "NOSUCHASSET"
OK: Mapping[int, Sequence[str]] = {200: ("OK",)}
A_PRICE: Mapping[int, Sequence[str]] = {200: ("OK",), 503: ("PRICE_STALE", "PRICE_UNAVAILABLE")}
"""Whether there is a price is the market's; that a stale one is refused is ours."""

UNSIGNED: Mapping[int, Sequence[str]] = {401: ("REPORTER_UNKNOWN",), 400: ("REQUEST_INVALID",)}
_JSON = {"Content-Type": "application/json"}
_LIST = json.dumps({"assets": ["BTC", UNKNOWN]}).encode()


def public_askings(asset: str) -> list[Asking]:
    """Return what is asked, the free before what the key pays for."""
    price = f"/price?asset={asset}"
    return [
        Asking("landing page", "/", OK, key="none", shape="page"),
        Asking("health", "/health", OK, key="none", data=has_fields("status", "parts", "up_seconds")),
        Asking("alive", "/health/live", OK, key="none", data=has_fields("status")),
        Asking("ready", "/health/ready", {200: ("OK",), 503: ("NOT_READY",)}, key="none"),
        Asking("exchanges", "/exchanges", OK, key="none", data=has_fields("exchanges")),
        Asking("description", "/openapi.json", OK, key="none", shape="openapi", data=describes("/price", "/prices")),
        Asking("a code's page", "/problems/KEY_MISSING", OK, key="none", shape="page"),
        Asking("every code's page", "/problems", OK, key="none", shape="page"),
        Asking("preflight", "/price", {204: ()}, method="OPTIONS", key="none", shape="nothing"),
        Asking("no key", price, {401: ("KEY_MISSING",)}, key="none"),
        Asking("a wrong key", price, {401: ("KEY_INVALID",), 429: ("KEY_TRIES_SPENT",)}, key="wrong"),
        Asking("nothing there", "/nothing/of/ours", {404: ("NOT_FOUND",)}, key="none"),
        Asking("another method", "/price", {405: ("METHOD_NOT_ALLOWED",)}, method="DELETE", key="none"),
        Asking("no asset", "/price", {400: ("REQUEST_INVALID",)}),
        Asking("an age that is none", f"{price}&max_age_ms=soon", {400: ("REQUEST_INVALID",)}),
        Asking("too large a header", price, {431: ("REQUEST_TOO_LARGE",)}, headers={"X-Filler": "x" * 40_000}),
        Asking("an operator's route", "/admin/feed-status", {401: ("ADMIN_KEY_MISSING",), 429: ("ADMIN_TRIES_SPENT",)}, key="none"),
        Asking("leaks, not signed", "/leaked-keys", UNSIGNED, method="POST", key="none", headers=_JSON, body=b"[]"),
        Asking("own limits", "/key", OK, data=has_fields("tier", "rate_per_second", "burst", "quota", "windows")),
        Asking("an unknown asset", f"/price?asset={UNKNOWN}", {404: ("ASSET_UNKNOWN",)}),
        Asking("a price", price, A_PRICE, data=price_faults),
        Asking("a price's head", price, {200: (), 503: ()}, method="HEAD", shape="nothing"),
        Asking("some prices", f"/prices?assets={asset},{UNKNOWN}", OK, data=missing_told(UNKNOWN)),
        Asking("some prices by POST", "/prices", OK, method="POST", headers=_JSON, body=_LIST, data=missing_told(UNKNOWN)),
        Asking("all prices", "/prices", OK, data=prices_faults),
    ]  # fmt: skip


def report_askings() -> list[Asking]:
    """Return what is asked of the port for reports. Whether a key may have them is its tier's."""
    told = {200: ("OK",), 403: ("TIER_FORBIDS", "KEY_FORBIDS"), 429: ("REPORT_QUOTA_SPENT",)}
    senseless = {400: ("REPORT_INVALID",), 403: told[403]}
    summary = "/reports/summary"
    return [
        Asking("reports: landing page", "/", OK, key="none", shape="page"),
        Asking("reports: health", "/health", OK, key="none", data=has_fields("status", "parts", "up_seconds")),
        Asking("reports: description", "/openapi.json", OK, key="none", shape="openapi", data=describes(summary)),
        Asking("reports: a code's page", "/problems/REPORT_INVALID", OK, key="none", shape="page"),
        Asking("reports: no key", summary, {401: ("KEY_MISSING",)}, key="none"),
        Asking("reports: a wrong key", summary, {401: ("KEY_INVALID",), 429: ("KEY_TRIES_SPENT",)}, key="wrong"),
        Asking("reports: nothing there", "/reports/nothing-of-ours", {404: ("NOT_FOUND",)}, key="none"),
        Asking("reports: another method", summary, {405: ("METHOD_NOT_ALLOWED",)}, method="DELETE", key="none"),
        Asking("reports: an operator's", "/admin/reports/summary", {401: ("ADMIN_KEY_MISSING",), 429: ("ADMIN_TRIES_SPENT",)}, key="none"),
        Asking("reports: a time that is none", f"{summary}?since=soon", senseless),
        Asking("reports: a summary", f"{summary}?since=1d", told, data=has_fields("rows")),
    ]  # fmt: skip


def health_askings() -> list[Asking]:
    """Return what is asked of the health port."""
    return [
        Asking("health port", "/health", OK, key="none", data=has_fields("status", "parts")),
        Asking("metrics", "/metrics", OK, key="none", shape="metrics"),
        Asking("counters", "/counters", OK, key="none", data=has_fields("tcp_requests", "udp_requests", "usage_lost")),
    ]
