"""What a row of the asset map may say: told for a whole batch, each mistake by the place of its row."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set

from trinity_beast.errors import Mistake
from trinity_beast.feeds.editing.model import WantedMapRow
from trinity_beast.feeds.grammar.errors import shown, suggestion
from trinity_beast.feeds.trying.model import Flaw

CATEGORY_CHARACTERS_MAX = 40
_FORMS = {
    "asset": (re.compile(r"[A-Z0-9]{1,16}"), "1 to 16 of A-Z and 0-9"),
    "quote": (re.compile(r"[A-Z0-9]{1,8}"), "1 to 8 of A-Z and 0-9"),
    "symbol": (re.compile(r"[A-Za-z0-9/_.:-]{1,40}"), "1 to 40 of A-Z, a-z, 0-9 and / _ . : -"),
}
Versions = Mapping[tuple[str, str], int]


def mistakes_of(rows: Sequence[WantedMapRow], venues: Set[str]) -> list[Mistake]:
    """Return every mistake of a batch: each names its row by its index, its column and what would be right."""
    seen: dict[tuple[str, str], int] = {}
    found: list[Mistake] = []
    for index, row in enumerate(rows):
        found += _of_row(index, row, venues)
        first = seen.setdefault((row.asset, row.venue), index)
        if first != index:
            told = f"{row.asset} at {row.venue} stands in row {first} already"
            found.append(_mistake(index, "asset", told, "Give each asset of a venue once.", {"first": first}))
    return found


def may_be_mapped(*, asset: str, symbol: str, quote: str) -> bool:
    """Return whether a row of the map can hold these, whoever has made them up."""
    texts = {"asset": asset, "symbol": symbol, "quote": quote}
    return all(form.fullmatch(texts[column]) for column, (form, _) in _FORMS.items())


def conflicts_of(rows: Sequence[WantedMapRow], versions: Versions) -> Iterator[tuple[int, WantedMapRow, int]]:
    """Give each row that was changed since it was read: its index, itself, and the version there is (0: none)."""
    for index, row in enumerate(rows):
        version = versions.get((row.asset, row.venue), 0)
        if row.expected_version is not None and row.expected_version != version:
            yield index, row, version


def flaw_mistake(index: int, row: WantedMapRow, flaw: Flaw) -> Mistake:
    """Return what a venue's REST says against a row as a refusal tells it."""
    told = f"{row.asset} at {row.venue}: {flaw.told}"
    fix = "Look at the venue's list; the evidence is beside this. Saved switched off, it is kept and not used."
    return _mistake(index, flaw.column, told, fix, {"flaw": flaw.kind.value, **flaw.evidence})


def _of_row(index: int, row: WantedMapRow, venues: Set[str]) -> Iterator[Mistake]:
    for column, (form, expected) in _FORMS.items():
        text = getattr(row, column)
        if not form.fullmatch(text):
            facts = {"column": column, "character": _first_wrong(form, text), "expected": expected, "found": text}
            yield _mistake(index, column, f"expected {expected}, found {shown(text)}", f"Write {expected}.", facts)
    if row.venue not in venues:
        near = suggestion(row.venue, sorted(venues))
        fix = f"{near[:1].upper()}{near[1:]}" if near else "Save the venue's feed row first."
        yield _mistake(index, "venue", f"there is no feed row for {shown(row.venue)}", fix, {"column": "venue", "found": row.venue})
    if len(row.category) > CATEGORY_CHARACTERS_MAX or not row.category.isprintable():
        expected = f"at most {CATEGORY_CHARACTERS_MAX} printable characters"
        yield _mistake(index, "category", f"expected {expected}", f"Write {expected}.", {"column": "category", "expected": expected})


def _first_wrong(form: re.Pattern[str], text: str) -> int:
    """Return where a text leaves its form, counted from 1."""
    found = form.match(text)
    return found.end() + 1 if found else 1


def _mistake(index: int, column: str, told: str, fix: str, facts: Mapping[str, object]) -> Mistake:
    return Mistake(f"assets.{index}.{column}", f"Row {index}, {column}: {told}.", fix, {"index": index, **facts})
