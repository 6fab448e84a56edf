"""What a rehearsal came to: a row per fault, and every reason why it did not pass. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.table import Table
from rich.text import Text

from trinity_beast.rehearsal.model import Tally
from trinity_beast.rehearsal.run import Run
from trinity_beast.words import Venue


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One fault over all venues: the middle and the worst of each time."""

    name: str
    reach: str
    runs: int
    noticed: tuple[float, float] | None
    shown: tuple[float, float] | None
    recovered: tuple[float, float] | None
    judged: int
    wrong: int
    unprovable: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeedsReport:
    """A whole rehearsal of the feeds."""

    seed: int
    venues: tuple[Venue, ...]
    seconds: float
    rows: tuple[FaultRow, ...]
    total: Tally
    calm: Tally
    asked: int
    unanswered: int
    problems: tuple[str, ...] = ()
    parameters: dict[str, float] = field(default_factory=dict)

    @property
    def has_passed(self) -> bool:
        """Whether no answer was wrong, and nothing else was."""
        return not self.total.wrong_count and not self.problems and not any(row.problems for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """Return all of it, for programs."""
        return {
            "passed": self.has_passed,
            "seed": self.seed,
            "venues": list(self.venues),
            "seconds": round(self.seconds, 1),
            "faults": [_row_json(row) for row in self.rows],
            "answers_asked": self.asked,
            "answers_missing": self.unanswered,
            **tally_json(self.total),
            "judged_in_calm": sum(self.calm.judged.values()),
            "problems": list(self.problems),
            "parameters": self.parameters,
        }


def rows_of(finished: Iterable[tuple[Venue, Run]]) -> tuple[FaultRow, ...]:
    """Return a row per fault and reach, in the order of their names."""
    groups: dict[tuple[str, str], list[tuple[Venue, Run]]] = {}
    for venue, run in finished:
        groups.setdefault((run.reach, run.scenario.name), []).append((venue, run))
    return tuple(
        _row(name, reach, runs) for (reach, name), runs in sorted(groups.items(), key=lambda each: (each[0][0] != "venue", each[0]))
    )


def _row(name: str, reach: str, runs: Sequence[tuple[Venue, Run]]) -> FaultRow:
    only = [run for _, run in runs]
    disturbs = any(run.left_ns or not run.scenario.is_harmless for run in only)
    return FaultRow(
        name=name,
        reach=reach,
        runs=len(only),
        noticed=_spread(run.noticed_seconds for run in only),
        shown=_spread(run.shown_seconds for run in only),
        recovered=_spread(run.recovered_seconds for run in only) if disturbs else None,
        judged=sum(sum(run.tally.judged.values()) for run in only),
        wrong=sum(run.tally.wrong_count for run in only),
        unprovable=sum(sum(run.tally.unprovable.values()) for run in only),
        problems=tuple(f"{venue}: {problem}" for venue, run in runs for problem in run.problems),
    )


def _spread(seconds: Iterable[float | None]) -> tuple[float, float] | None:
    known = [each for each in seconds if each is not None]
    return (median(known), max(known)) if known else None


def feeds_table(report: FeedsReport) -> Table:
    """Return the matrix for a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, is_number in _HEADINGS:
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
    for row in report.rows:
        wrong = Text(str(row.wrong), "bold red" if row.wrong else "green")
        table.add_row(
            Text(row.name, "red" if row.problems else ""), row.reach, str(row.runs), _seconds(row.noticed), _seconds(row.shown),
            _seconds(row.recovered), f"{row.judged:,}", wrong, str(row.unprovable or ""),
        )  # fmt: skip
    return table


_HEADINGS = (
    ("fault", False), ("of a", False), ("times", True), ("noticed s", True), ("all shown s", True), ("recovered s", True),
    ("prices judged", True), ("wrong but OK", True), ("not provable", True),
)  # fmt: skip


def _seconds(spread: tuple[float, float] | None) -> str:
    return "" if spread is None else f"{spread[0]:.1f} … {spread[1]:.1f}"


def tally_json(tally: Tally) -> dict[str, Any]:
    """Return what was judged, for programs."""
    return {
        "prices_judged": {protocol.value: count for protocol, count in tally.judged.items()},
        "prices_refused": tally.refused,
        "wrong_but_ok": tally.wrong_count,
        "wrong_by_kind": {lie.value: count for lie, count in tally.wrong.items()},
        "not_provable": {why.value: count for why, count in tally.unprovable.items()},
        "evidence": [str(finding) for finding in tally.evidence],
    }


def _row_json(row: FaultRow) -> dict[str, Any]:
    return {
        "fault": row.name,
        "reach": row.reach,
        "times": row.runs,
        **{f"{name}_seconds": _spread_json(spread) for name, spread in _spreads(row)},
        "prices_judged": row.judged,
        "wrong_but_ok": row.wrong,
        "not_provable": row.unprovable,
        "problems": list(row.problems),
    }


def _spreads(row: FaultRow) -> tuple[tuple[str, tuple[float, float] | None], ...]:
    return ("noticed", row.noticed), ("shown", row.shown), ("recovered", row.recovered)


def _spread_json(spread: tuple[float, float] | None) -> dict[str, float] | None:
    return None if spread is None else {"median": round(spread[0], 3), "most": round(spread[1], 3)}
