"""Tables as CSV that may be opened in a spreadsheet: what an exchange sends there is shown and never reckoned. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - Wide forms count as the plain ones.
"""What a cell begins with that some spreadsheet takes for a formula. Source: OWASP, "CSV Injection", read 2026-11-20."""
AUDIT_COLUMNS = (
    "asset", "venue", "symbol", "quote", "prewarm", "verdict", "layer", "reason", "told",
    "listed", "delivers", "agrees", "answers", "proposal", "proposed_venue", "proposed_symbol", "proposed_quote", "why",
)  # fmt: skip
CANDIDATE_COLUMNS = ("rank", "asset", "symbol", "quote", "volume", "volume_currency", "volume_dollars", "price", "markets", "elsewhere")
Told = Mapping[str, Any]


def audit_csv(results: Iterable[Told]) -> str:
    """Return an audit's results, as the API tells them, a line each."""
    return csv_text(AUDIT_COLUMNS, (_audit_line(one) for one in results))


def candidates_csv(candidates: Iterable[Told]) -> str:
    """Return a discovery's candidates, as the API tells them, a line each."""
    return csv_text(CANDIDATE_COLUMNS, ([_joined(one[name]) for name in CANDIDATE_COLUMNS] for one in candidates))


def csv_text(headings: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a table as RFC 4180 has it, every cell in quotes and none of them a formula."""
    return "".join(",".join(map(_quoted, line)) + "\r\n" for line in (headings, *lines))


def safe(cell: object) -> str:
    """Return a cell that is shown as it stands: what might be taken for a formula has an apostrophe before it."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(STARTS_FORMULA) else text


def _quoted(cell: object) -> str:
    doubled = safe(cell).replace('"', '""')
    return f'"{doubled}"'


def _audit_line(one: Told) -> list[object]:
    offered = one["proposal"] or {}
    outcomes = {layer["layer"]: layer["outcome"] for layer in one["layers"]}
    found: Told = next((layer for layer in one["layers"] if layer["layer"] == one["layer"]), {})
    kept: list[object] = [one[name] for name in ("asset", "venue", "symbol", "quote", "prewarm", "verdict", "layer", "reason")]
    kept += [found.get("told", ""), *(outcomes.get(name, "") for name in ("listed", "delivers", "agrees", "answers"))]
    return [*kept, *(offered.get(name, "") for name in ("kind", "venue", "symbol", "quote", "why"))]


def _joined(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value
