"""A feed row back as the values it was read from: `parse_row(rendered(row)) == row`."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from trinity_beast.feeds.grammar.control import ControlRules
from trinity_beast.feeds.grammar.paths import Path
from trinity_beast.feeds.grammar.placeholders import Template
from trinity_beast.feeds.grammar.rest import RestRules, RowName
from trinity_beast.feeds.grammar.row import FeedRow
from trinity_beast.feeds.grammar.wanted import Match

_PAIRS = ("text_frames", "rename")


def rendered(row: FeedRow) -> dict[str, object]:
    """Return the nineteen columns as JSON values. What a rule leaves unsaid is left out of the JSON columns."""
    return {field.name: _column(field.name, getattr(row, field.name)) for field in fields(row)}


def _column(name: str, value: object) -> object:
    if isinstance(value, ControlRules | RestRules):
        return _members(value)
    return None if value is None else _rendered(name, value)


def _members(value: Any) -> Mapping[str, object]:
    members = [(field.name, getattr(value, field.name)) for field in fields(value)]
    # A control rule that is a match and nothing more is still written as a rule: {"match": …}.
    wrap = isinstance(value, ControlRules)
    return {name: _rendered(name, member, wrap=wrap) for name, member in members if member is not None and member != ()}


def _rendered(name: str, value: object, *, wrap: bool = False) -> object:
    if isinstance(value, Match):
        return {"match": value.rendered()} if wrap else value.rendered()
    if isinstance(value, Path | Template | RowName):
        return str(value)
    if isinstance(value, tuple):
        return dict(value) if name in _PAIRS else [_rendered(name, item, wrap=wrap) for item in value]
    if is_dataclass(value):
        return _members(value)
    return value
