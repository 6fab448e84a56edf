"""Builders for feeds: the documented rows, trades, moments."""

import copy
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from trinity_beast.feeds import FeedRow, MappedAsset, Moment, parse_row
from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.feeds.reading import FrameReader
from trinity_beast.feeds.session import Close, Send, Session
from trinity_beast.parameters import Readings
from trinity_beast.words import Asset, Symbol, Trade, Venue

SECOND_NS = 1_000_000_000
NOW_NS = 1_795_160_400 * SECOND_NS  # 2026-11-20T07:40:00Z
_MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"


def _documented() -> dict[str, dict[str, Any]]:
    """The rows as the migrations leave them."""
    first, rest_rules, later = (
        json.loads((_MIGRATIONS / name).read_text(encoding="utf-8"))
        for name in ("0002_exchange_feeds.json", "0007_rest_rules.json", "0008_halts_and_proofs.json")
    )
    rows = {row["venue"]: row for row in [*first, *later["rows"]]}
    for change in [*({"column": "rest_rules", **change} for change in rest_rules), *later["changes"]]:
        place = rows[change["venue"]][change["column"]]
        for name in change["path"][:-1]:
            place = place[name]
        place[change["path"][-1]] = change["value"]
    return rows


DOCUMENTED: Mapping[str, Mapping[str, Any]] = _documented()
VENUES = list(DOCUMENTED)


def dice(seed: int = 1) -> random.Random:
    """Dice that fall the same at every run."""
    return random.Random(seed)  # noqa: S311 - Foretold on purpose.


def row_values(venue: str = "coinbase", **changes: object) -> dict[str, Any]:
    """A documented row as the table holds it, with some columns changed."""
    return copy.deepcopy(dict(DOCUMENTED[venue])) | changes


def feed_row(venue: str = "coinbase", **changes: object) -> FeedRow:
    """A documented row, with some columns changed."""
    return parse_row(row_values(venue, **changes))


def with_control(venue: str = "coinbase", **rules: object) -> FeedRow:
    """A documented row with some control rules changed; None leaves a rule out."""
    values = row_values(venue)
    control = {name: rule for name, rule in (values["control_rules"] | rules).items() if rule is not None}
    return parse_row(values | {"control_rules": control})


def at(seconds: float, *, wall_step_seconds: float = 0.0) -> Moment:
    """The moment so many seconds after the test's beginning."""
    elapsed_ns = round(seconds * SECOND_NS)
    return Moment(NOW_NS + elapsed_ns + round(wall_step_seconds * SECOND_NS), 1_000 * SECOND_NS + elapsed_ns)


def rfc3339(moment: Moment, *, earlier_seconds: float = 0.0) -> str:
    """A moment's wall time as Coinbase writes it."""
    time_ns = moment.wall_ns - round(earlier_seconds * SECOND_NS)
    seconds, rest = divmod(time_ns, SECOND_NS)
    hours, of_day = divmod(seconds - 1_795_132_800, 3_600)  # Since 2026-11-20T00:00:00Z.
    days, hours = divmod(hours, 24)
    return f"2026-11-{20 + days:02}T{hours:02}:{of_day // 60:02}:{of_day % 60:02}.{rest:09}Z"


def trade(
    symbol: str = "BTC-USD", price: str = "97123.45", *, venue: str = "coinbase", time_ns: int = NOW_NS, received: Moment | None = None
) -> Trade:
    """A trade, printed and received now."""
    seen = received or Moment(time_ns, 1_000 * SECOND_NS + time_ns - NOW_NS)
    return Trade(Venue(venue), Symbol(symbol), price, time_ns, seen.wall_ns, seen.monotonic_ns)


def mapped(asset: str, *, venue: str = "coinbase", symbol: str | None = None, quote: str = "USD", **more: Any) -> MappedAsset:
    """A row of the asset map."""
    return MappedAsset(Asset(asset), Venue(venue), Symbol(symbol or f"{asset}-{quote}"), quote, **more)


def knobs(**values: object) -> Knobs:
    """The feeds' knobs, some of them turned: `feed_ack_seconds=5`."""
    readings = Readings()
    knobs = Knobs(readings)
    for name, value in values.items():
        readings.turn(name, value)
    return knobs


def session(row: FeedRow, *symbols: str, suspects: tuple[str, ...] = (), counts: Counts | None = None, **turned: object) -> Session:
    """A session of a row that is to hold `symbols`, not opened yet."""
    return Session(
        row,
        FrameReader(row),
        [Symbol(symbol) for symbol in symbols],
        suspects=[Symbol(symbol) for symbol in suspects],
        knobs=knobs(**turned),
        counts=counts or Counts(),
    )


def texts(actions: object) -> list[str]:
    """What is to be sent, of a list of actions."""
    return [action.text for action in actions if isinstance(action, Send)]  # type: ignore[attr-defined]


def closes(actions: object) -> list[str]:
    """Why the connection is to be closed, of a list of actions."""
    return [action.reason for action in actions if isinstance(action, Close)]  # type: ignore[attr-defined]


def run(
    step: Callable[[Moment], object], until_seconds: float, *, every_seconds: float = 0.05, since_seconds: float = 0.0
) -> list[tuple[float, Any]]:
    """Call `step` again and again as time passes and return what it gave, with when."""
    found: list[tuple[float, Any]] = []
    for number in range(round((until_seconds - since_seconds) / every_seconds) + 1):
        seconds = since_seconds + number * every_seconds
        result = step(at(seconds))
        if result:
            found.append((round(seconds, 3), result))
    return found


__all__ = [
    "DOCUMENTED",
    "NOW_NS",
    "SECOND_NS",
    "VENUES",
    "Moment",
    "at",
    "closes",
    "dice",
    "feed_row",
    "knobs",
    "mapped",
    "replace",
    "rfc3339",
    "row_values",
    "run",
    "session",
    "texts",
    "trade",
    "with_control",
]
