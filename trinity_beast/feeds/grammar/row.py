"""A feed row: the nineteen columns of `exchange_feeds`, read and refused as a whole."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from trinity_beast.feeds.grammar.control import ControlRules, parse_control
from trinity_beast.feeds.grammar.errors import Fault, GrammarFault, RowInvalid, shown
from trinity_beast.feeds.grammar.paths import Path
from trinity_beast.feeds.grammar.placeholders import (
    ID,
    NOW_MS,
    NOW_S,
    SYMBOL,
    SYMBOL_LOWER,
    SYMBOLS,
    Slot,
    Template,
    check_json,
    parse_template,
)
from trinity_beast.feeds.grammar.rest import RestRules, parse_rest
from trinity_beast.feeds.grammar.section import Section
from trinity_beast.feeds.grammar.times import TimeFormat
from trinity_beast.feeds.grammar.wanted import Match
from trinity_beast.words import Venue

COLUMNS = (
    "venue", "display_name", "enabled", "endpoint", "frame_codec", "subscribe_template", "unsubscribe_template", "symbol_template",
    "symbols_per_message", "trade_match", "trade_rows_path", "price_path", "symbol_path", "time_path", "time_format",
    "ping_interval_seconds", "ping_payload", "control_rules", "rest_rules",
)  # fmt: skip
_VENUE = re.compile(r"[a-z0-9]{1,20}")
_ENDPOINT = re.compile(r"wss?://[A-Za-z0-9.\-\[\]:]+(/[\x21-\x7e]*)?(\?[\x21-\x7e]*)?")
_SENDING = (ID, NOW_S, NOW_MS)


class FrameCodec(StrEnum):
    """What to do with a binary frame before it is read as text."""

    TEXT = "text"
    GZIP = "gzip"
    DEFLATE = "deflate"


@dataclass(frozen=True, slots=True)
class FeedRow:
    """All that is known of a venue: how to ask it, how to read it, how to keep it alive. Code knows nothing more."""

    venue: Venue
    display_name: str
    enabled: bool
    endpoint: str
    frame_codec: FrameCodec
    subscribe_template: Template
    unsubscribe_template: Template
    symbol_template: Template
    symbols_per_message: int
    trade_match: Match
    trade_rows_path: Path
    price_path: Path
    symbol_path: Path
    time_path: Path
    time_format: TimeFormat
    ping_interval_seconds: float | None
    ping_payload: Template | None
    control_rules: ControlRules
    rest_rules: RestRules

    def at(self, endpoint: str) -> "FeedRow":
        """Return the same row speaking to another address."""
        return replace(self, endpoint=endpoint)


def parse_row(values: Mapping[str, object]) -> FeedRow:
    """Read a row, its JSON columns decoded.

    Raises:
        RowInvalid: listing every mistake with its column and character.
    """
    faults: list[Fault] = []
    section = Section(values, "", faults)
    columns: dict[str, object] = {
        "venue": section.read("venue", _venue, needed=True),
        "display_name": section.text("display_name", needed=True),
        "enabled": section.flag("enabled"),
        "endpoint": section.read("endpoint", _endpoint, needed=True),
        "frame_codec": section.choice("frame_codec", FrameCodec, needed=True),
        **_templates(section),
        "symbols_per_message": section.count("symbols_per_message", least=1, most=100_000, needed=True),
        "trade_match": section.match("trade_match"),
        "trade_rows_path": section.path("trade_rows_path", needed=True),
        "price_path": section.path("price_path", in_row=True, needed=True),
        "symbol_path": section.path("symbol_path", in_row=True, needed=True),
        "time_path": section.path("time_path", in_row=True, needed=True),
        "time_format": section.choice("time_format", TimeFormat, needed=True),
    }
    if columns["enabled"] is None:
        section.fault("enabled", "true or false")
    pings = _pings(section)
    control, rest = section.section("control_rules", needed=True), section.section("rest_rules", needed=True)
    columns |= pings
    columns["control_rules"] = parse_control(control) if control is not None else ControlRules()
    columns["rest_rules"] = parse_rest(rest) if rest is not None else RestRules()
    section.finish()
    if faults:
        raise RowInvalid(venue=_named(values), faults=_told_once(faults))
    return FeedRow(**columns)  # type: ignore[arg-type]  # No fault was noted, so every column has its kind.


def _told_once(faults: list[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))


def _named(values: Mapping[str, object]) -> str:
    name = values.get("venue")
    return name if isinstance(name, str) and _VENUE.fullmatch(name) else ""


def _venue(text: str) -> Venue:
    if not _VENUE.fullmatch(text):
        raise GrammarFault(text=text, position=1, expected="1 to 20 of a-z and 0-9", found=shown(text))
    return Venue(text)


def _endpoint(text: str) -> str:
    if not text.startswith(("ws://", "wss://")):
        raise GrammarFault(text=text, position=1, expected="an address that begins with wss:// or ws://", found=shown(text))
    if not _ENDPOINT.fullmatch(text):
        raise GrammarFault(text=text, position=text.index("//") + 3, expected="a host, and a path or nothing", found=shown(text))
    return text


def _templates(section: Section) -> dict[str, Template | None]:
    one = (SYMBOL, SYMBOL_LOWER)
    symbol = section.template("symbol_template", allowed=one, must=one, needed=True)
    sample = "".join("A" if isinstance(part, Slot) else part for part in symbol.parts) if symbol is not None else '"A"'

    def parse(text: str) -> Template:
        template = parse_template(text, allowed=(SYMBOLS, *_SENDING), needed=(SYMBOLS,))
        check_json(template, symbols=sample)
        return template

    return {
        "subscribe_template": section.read("subscribe_template", parse, needed=True),
        "unsubscribe_template": section.read("unsubscribe_template", parse, needed=True),
        "symbol_template": symbol,
    }


def _pings(section: Section) -> dict[str, object]:
    interval = section.number("ping_interval_seconds", least=1, most=3_600)
    payload = section.template("ping_payload", allowed=_SENDING)
    if section.has("ping_interval_seconds") != section.has("ping_payload"):
        missing = "ping_payload" if section.has("ping_interval_seconds") else "ping_interval_seconds"
        section.fault(missing, "ping_interval_seconds and ping_payload together, or neither")
    return {"ping_interval_seconds": interval, "ping_payload": payload}
