"""A summary in one datagram: strictly read, compactly told, and never worth forging a sender for.

An answer is at most three times as long as what it answers, at most as long where the key is missing or wrong, and never longer
than a datagram may be. What does not fit is told with less, never cut in the middle; when the least does not fit, nothing is sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from trinity_beast.reports.asked import BY_NAME
from trinity_beast.reports.model import COLUMNS, Cell, Kind

DATAGRAM_BYTES_MAX = 1_200
AMPLIFICATION_MAX = 3
ID_BYTES_MAX = 64
KEY_CHARACTERS_MAX = 256
NO_KEY = "?"
TOO_SMALL = "The answer is larger than three times the request: pad the request with spaces."
_NOT_FIELDS = frozenset(["key", "api_key", "id", "report"])
_LISTED = frozenset(["page_size", "cursor", "order", "format", "delimiter"])
_SUMS = [column.name for column in COLUMNS[Kind.SUMMARY]][2:]
_ENCODE = msgspec.json.Encoder().encode

Told = dict[str, object]


@dataclass(frozen=True, slots=True)
class Question:
    """What a datagram asks: its key, the id to be echoed, and its fields as a query would have them.

    `fault` says what of it cannot be asked, to whom it may be told.
    """

    secret: str | None
    echoed: object
    fields: Sequence[tuple[str, str]]
    fault: str = ""


def question_of(datagram: bytes) -> Question | None:
    """Return what a datagram asks; None for what is no request, and gets no answer: not one JSON object, or one with a field twice."""
    if not 0 < len(datagram) <= DATAGRAM_BYTES_MAX:
        return None
    try:
        told = json.loads(datagram.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or {"key", "api_key"} <= told.keys():
        return None
    secret = told.get("key", told.get("api_key"))
    echoed, fault = told.get("id"), ""
    if echoed is not None and not _is_id(echoed):
        echoed, fault = None, f"id must be a string of at most {ID_BYTES_MAX} bytes or an integer"
    if told.get("report", Kind.SUMMARY.value) != Kind.SUMMARY.value:
        fault = fault or "over UDP the only report is summary"
    fields = [(name, value) for name, value in told.items() if name not in _NOT_FIELDS]
    for name, value in fields:
        if name not in BY_NAME or name in _LISTED:
            fault = fault or f"there is no field {name[:20]} over UDP"
        elif isinstance(value, bool) or not isinstance(value, str | int):
            fault = fault or f"{name} must be a string"
    return Question(_secret_of(secret), echoed, [(name, str(value)) for name, value in fields] if not fault else [], fault)


def allowance(asked_bytes: int, *, is_ours: bool) -> int:
    """Return how many bytes may answer so many. `is_ours` says that the key is one that may ask."""
    return min(DATAGRAM_BYTES_MAX, asked_bytes * AMPLIFICATION_MAX if is_ours else asked_bytes)


def granted(sums: Sequence[Cell], complete_until_ms: int, frame: Mapping[str, object], room: int) -> bytes | None:
    """Return the answer that tells as much as fits; None where the least does not."""
    counts: Told = {"success": True, "code": "OK"} | dict(zip(_SUMS[:3], sums[:3], strict=True))
    counts["complete_until"] = complete_until_ms
    rest: Told = dict(zip(_SUMS[3:], sums[3:], strict=True))
    least = {name: frame[name] for name in ("id",) if name in frame}
    named = {name: frame[name] for name in ("id", "request_id") if name in frame}
    return _longest([counts | rest | dict(frame), counts | rest | named, counts | named, counts | least], room)


def refused(code: str, message: str, frame: Mapping[str, object], room: int) -> bytes | None:
    """Return the refusal that tells as much as fits; None where the least does not."""
    least: Told = {"success": False, "code": code} | {name: frame[name] for name in ("id",) if name in frame}
    named = least | {name: frame[name] for name in ("request_id",) if name in frame}
    return _longest([{**least, "message": message, **frame}, {**named, "message": message}, named, least], room)


def _longest(answers: Sequence[Mapping[str, object]], room: int) -> bytes | None:
    return next((told for answer in answers if len(told := _ENCODE(answer)) <= room), None)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _secret_of(given: object) -> str | None:
    """Return the key, None where there is none. What cannot be one is told as a key that is wrong."""
    if given is None or given == "":
        return None
    return given if isinstance(given, str) and len(given) <= KEY_CHARACTERS_MAX else NO_KEY


def _is_id(echoed: object) -> bool:
    if isinstance(echoed, str):
        try:
            return len(echoed.encode()) <= ID_BYTES_MAX
        except UnicodeEncodeError:  # Half of a pair: it cannot be told in UTF-8.
            return False
    return isinstance(echoed, int) and not isinstance(echoed, bool) and -(2**63) <= echoed < 2**63
