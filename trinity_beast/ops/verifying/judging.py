"""What is wrong with an answer, by the contract: rules over what came back. Nothing that may come back makes them fail."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trinity_beast.ops.verifying.model import Answer, Asking, Faults

ENVELOPE: Mapping[str, tuple[type, ...]] = {
    "success": (bool,),
    "service": (str,),
    "code": (str,),
    "message": (str,),
    "data": (object,),
    "errors": (list,),
    "request_id": (str,),
    "timestamp": (str,),
    "latency_us": (int,),
    "node": (str,),
    "region": (str,),
    "version": (str,),
}
"""The twelve, in their order."""

PROBLEM: Mapping[str, tuple[type, ...]] = {"type": (str,), "title": (str,), "status": (int,), "detail": (str,)}
SERVICES = ("LPO", "LRS", "PUSH", "WEB", "OPS")
PRICE: Mapping[str, tuple[type, ...]] = {
    "asset": (str,),
    "price": (str,),
    "quote": (str,),
    "venue": (str,),
    "source": (str,),
    "cache_tier": (str,),
    "state": (str,),
    "exchange_time": (str,),
    "received_time": (str,),
    "age_ms": (int,),
}
STATES = ("live", "quiet", "rest", "halted", "converted")
TIERS = ("memory", "valkey", "rest")
DIGITS = re.compile(r"\d{1,20}(\.\d{1,20})?", re.ASCII)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
LIMITS = ("ratelimit-policy", "ratelimit", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
DATAGRAM = ("success", "code", "asset", "price", "quote", "source", "state", "age_ms", "time", "id", "request_id", "node")
SUM = ("success", "code", "requests", "charged", "refused", "complete_until", "id")
AMPLIFIED_MOST = 3


def faults_of(asking: Asking, answer: Answer, request_id: str) -> Faults:
    """Return what is wrong with an answer to `asking`, which named itself `request_id`."""
    if answer.status == 431:
        # A head that is too large is not read, nor is the id in it; the answer has one of its own.
        request_id = answer.headers.get("x-request-id", "")
    faults = [*_status_faults(asking, answer), *_header_faults(answer, request_id)]
    if asking.shape == "nothing":
        return [*faults, *(["it has a body"] if answer.body else [])]
    if asking.shape in {"page", "metrics"}:
        return [*faults, *([] if answer.body else ["it is empty"])]
    told = parsed(answer.body)
    if told is None:
        return [*faults, "its body is no JSON object"]
    if asking.shape == "openapi":
        return [*faults, *_openapi_faults(told, asking.data)]
    faults += envelope_faults(told, answer, request_id)
    if answer.status in asking.expected and told.get("code") not in asking.expected[answer.status]:
        faults.append(f"its code is {_short(told.get('code'))}, not {' or '.join(asking.expected[answer.status])}")
    if told.get("success") is True and asking.data is not None:
        faults += asking.data(told.get("data"))
    return faults


def envelope_faults(told: Mapping[str, Any], answer: Answer, request_id: str) -> Faults:
    """Return what is wrong with an envelope: its fields, whether it agrees with its status, its content type, its errors."""
    faults = _field_faults(told, ENVELOPE)
    if list(told)[: len(ENVELOPE)] != list(ENVELOPE) and not faults:
        faults.append("its fields are not in the order of the contract")
    if told.get("request_id") != request_id:
        faults.append(f"its request_id is {_short(told.get('request_id'))}, not the {request_id} that was given")
    if told.get("service") not in SERVICES:
        faults.append(f"its service is {_short(told.get('service'))}")
    if not TIME.fullmatch(str(told.get("timestamp"))):
        faults.append(f"its timestamp is {_short(told.get('timestamp'))}")
    is_refusal = answer.status >= 400
    if told.get("success") is is_refusal:
        faults.append(f"success is {told.get('success')} under status {answer.status}")
    wanted = "application/problem+json" if is_refusal else "application/json"
    if answer.headers.get("content-type", "").partition(";")[0] != wanted:
        faults.append(f"its content type is {_short(answer.headers.get('content-type'))}, not {wanted}")
    return [*faults, *(_problem_faults(told, answer.status) if is_refusal else [])]


def price_faults(data: Any) -> Faults:
    """Return what is wrong with one price."""
    if not isinstance(data, dict):
        return ["its data is no price"]
    faults = _field_faults(data, PRICE)
    if faults:
        return faults
    if not DIGITS.fullmatch(data["price"]):
        faults.append(f"its price is {_short(data['price'])}, not digits")
    if data["state"] not in STATES:
        faults.append(f"its state is {_short(data['state'])}")
    if data["cache_tier"] not in TIERS:
        faults.append(f"its cache tier is {_short(data['cache_tier'])}")
    faults += [f"its {name} is {_short(data[name])}" for name in ("exchange_time", "received_time") if not TIME.fullmatch(data[name])]
    return [*faults, *(["its age is negative"] if data["age_ms"] < 0 else [])]


def prices_faults(data: Any) -> Faults:
    """Return what is wrong with many prices."""
    match data:
        case {"prices": list(prices), "missing": list(missing)}:
            lacking = [each for each in missing if not isinstance(each, dict) or not {"asset", "code", "message"} <= set(each)]
            faults = [fault for price in prices for fault in price_faults(price)]
            return [*faults, *(["a missing one lacks its asset, code or message"] if lacking else [])][:5]
    return ["its data lacks prices or missing"]


def missing_told(asset: str) -> Any:
    """Return what says whether an asset nobody knows is told as missing, beside the prices of the others."""

    def faults(data: Any) -> Faults:
        found = prices_faults(data)
        told = [each.get("code") for each in data["missing"] if each.get("asset") == asset] if not found else []
        return found or ([] if told == ["ASSET_UNKNOWN"] else [f"{asset} is not told as missing"])

    return faults


def describes(*paths: str) -> Any:
    """Return what says whether a description has these paths."""

    def faults(told: Any) -> Faults:
        there = told.get("paths")
        return [f"it does not describe {path}" for path in paths if not isinstance(there, dict) or path not in there]

    return faults


def has_fields(*names: str) -> Any:
    """Return what says whether data has these fields."""

    def faults(data: Any) -> Faults:
        return [f"its data lacks {name}" for name in names if not isinstance(data, dict) or name not in data]

    return faults


def datagram_faults(
    sent: bytes,
    came: bytes | None,
    *,
    codes: Sequence[str],
    asked_id: str,
    most_times: int = AMPLIFIED_MOST,
    fields: Sequence[str] = DATAGRAM,
) -> Faults:
    """Return what is wrong with the datagram that answered another: its fields, its code, and how much larger it is."""
    if came is None:
        return ["no answer came"]
    faults = [f"{len(came)} bytes answer {len(sent)}"] if len(came) > most_times * len(sent) else []
    told = parsed(came)
    if told is None:
        return [*faults, "it is no JSON object"]
    if told.get("code") not in codes:
        faults.append(f"its code is {_short(told.get('code'))}, not {' or '.join(codes)}")
    wanted = fields if told.get("success") is True else ("success", "code")
    faults += [f"it lacks {name}" for name in wanted if name not in told]
    if told.get("success") is True and told.get("id") != asked_id:
        faults.append(f"its id is {_short(told.get('id'))}, not the {asked_id} that was given")
    return faults


def parsed(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object a body is, or None."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _status_faults(asking: Asking, answer: Answer) -> list[str]:
    if answer.status in asking.expected:
        return []
    told = parsed(answer.body) or {}
    return [f"status {answer.status} {_short(told.get('code', ''))}, not {' or '.join(map(str, asking.expected))}"]


def _header_faults(answer: Answer, request_id: str) -> list[str]:
    faults = [f"it lacks the header {name}" for name in ("x-request-id", *LIMITS) if name not in answer.headers]
    if "x-request-id" in answer.headers and answer.headers["x-request-id"] != request_id:
        faults.append(f"X-Request-Id is {_short(answer.headers['x-request-id'])}, not the {request_id} that was given")
    if answer.headers.get("access-control-allow-origin") != "*":
        faults.append("no page of another origin may read it (Access-Control-Allow-Origin)")
    retry_after = answer.headers.get("retry-after")
    if retry_after is not None and not (retry_after.isascii() and retry_after.isdigit() and 1 <= int(retry_after[:9]) <= 60):
        faults.append(f"Retry-After is {_short(retry_after)}")
    if answer.status == 429 and retry_after is None and answer.headers.get("x-should-retry") != "false":
        faults.append("it says not when to try again")
    if answer.status == 401 and "www-authenticate" not in answer.headers:
        faults.append("it lacks the header www-authenticate")
    if answer.status == 405 and "allow" not in answer.headers:
        faults.append("it lacks the header allow")
    return faults


def _problem_faults(told: Mapping[str, Any], status: int) -> list[str]:
    faults = _field_faults(told, PROBLEM)
    if told.get("status") != status:
        faults.append(f"its status field is {_short(told.get('status'))}")
    if told.get("data") is not None:
        faults.append("a refusal has data")
    errors = told.get("errors")
    if not isinstance(errors, list) or not errors:
        return [*faults, "it has no errors to tell what is wrong"]
    for each in errors[:5]:
        if not isinstance(each, dict) or not {"location", "code", "message", "fix"} <= set(each):
            faults.append("one of its errors lacks location, code, message or fix")
    return faults


def _openapi_faults(told: Mapping[str, Any], described: Callable[[Any], Faults] | None) -> list[str]:
    faults = [] if str(told.get("openapi", "")).startswith("3.1") else [f"it is OpenAPI {_short(told.get('openapi'))}, not 3.1"]
    return [*faults, *(described(told) if described is not None else [])]


def _field_faults(told: Mapping[str, Any], fields: Mapping[str, tuple[type, ...]]) -> list[str]:
    faults = [f"it lacks {name}" for name in fields if name not in told]
    for name, kinds in fields.items():
        if name in told and not (isinstance(told[name], kinds) and (bool in kinds or object in kinds or not isinstance(told[name], bool))):
            faults.append(f"its {name} is {_short(told[name])}")
    return faults


def _short(value: object) -> str:
    return repr(value)[:60]
