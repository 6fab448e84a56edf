"""From the bytes of an answer to what was told. Pure: whatever is no answer of a node is refused, never guessed at."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from trinity_beast.rehearsal.errors import AnswerUnreadable
from trinity_beast.rehearsal.model import MS_NS, Asked, Refused, Told
from trinity_beast.words import Asset, Venue

US_NS = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Answered = tuple[list[Told], list[Refused]]


def http_answer(body: bytes, asked: Asked, heard_ns: int, asset: Asset) -> Answered:
    """Return what an answer over HTTP tells. `asset` is what was asked for where it was one.

    Raises:
        AnswerUnreadable: no answer of a node looks like this.
    """
    envelope = _envelope(body)
    try:
        if not envelope["success"]:
            return [], [Refused(asked, heard_ns, asset, str(envelope["code"]))]
        data = envelope["data"]
        rows, missing = (data["prices"], data["missing"]) if "prices" in data else ([data], [])
        return [_told_by_http(row, asked, heard_ns) for row in rows], [_refused(row, asked, heard_ns) for row in missing]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise AnswerUnreadable(answer=body[:200].decode(errors="replace"), reason=repr(error)) from error


def udp_answer(datagram: bytes, asked: Asked, heard_ns: int, asset: Asset) -> Answered:
    """Return what a datagram tells.

    Raises:
        AnswerUnreadable: no answer of a node looks like this.
    """
    told = _envelope(datagram)
    try:
        if not told["success"]:
            return [], [Refused(asked, heard_ns, asset, str(told["code"]))]
        rows = told.get("prices", [told])
        missing = told.get("missing", [])
        return [_told_by_udp(row, asked, heard_ns) for row in rows], [_refused(row, asked, heard_ns) for row in missing]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise AnswerUnreadable(answer=datagram[:200].decode(errors="replace"), reason=repr(error)) from error


def _envelope(body: bytes) -> Mapping[str, Any]:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerUnreadable(answer=body[:200].decode(errors="replace"), reason="no JSON") from error
    if not isinstance(envelope, dict):
        raise AnswerUnreadable(answer=body[:200].decode(errors="replace"), reason="no object")
    return envelope


def _told_by_http(row: Mapping[str, Any], asked: Asked, heard_ns: int) -> Told:
    moment = datetime.fromisoformat(row["exchange_time"])
    time_ns = (moment - EPOCH) // timedelta(microseconds=1) * US_NS
    return _told(row, str(row["venue"]), asked, heard_ns, exchange=(time_ns, US_NS))


def _told_by_udp(row: Mapping[str, Any], asked: Asked, heard_ns: int) -> Told:
    venue = str(row["source"]).rpartition(":")[2].rpartition("-")[0]
    return _told(row, venue, asked, heard_ns, exchange=(_whole(row["time"]) * MS_NS, MS_NS))


def _told(row: Mapping[str, Any], venue: str, asked: Asked, heard_ns: int, *, exchange: tuple[int, int]) -> Told:
    time_ns, unit_ns = exchange
    return Told(
        asked=asked,
        heard_ns=heard_ns,
        asset=Asset(_text(row["asset"])),
        price=_text(row["price"]),
        quote=_text(row["quote"]),
        venue=Venue(venue),
        source=_text(row["source"]),
        state=_text(row["state"]),
        exchange_time_ns=time_ns,
        unit_ns=unit_ns,
        age_ms=_whole(row["age_ms"]),
    )


def _refused(row: Mapping[str, Any], asked: Asked, heard_ns: int) -> Refused:
    return Refused(asked, heard_ns, Asset(_text(row["asset"])), str(row["code"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is no whole number")
    return value
