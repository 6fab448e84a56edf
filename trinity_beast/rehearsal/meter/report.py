"""What a rehearsal of the meter came to: each key as its callers counted it and as each part of the meter says. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from trinity_beast.rehearsal.meter.plan import Blow
from trinity_beast.rehearsal.meter.verdict import KeyCount, Verdict


@dataclass(frozen=True, slots=True)
class MeterReport:
    """One run."""

    seed: int
    seconds: float
    blows: tuple[Blow, ...]
    kills: Mapping[str, int]
    drain_seconds: float
    verdict: Verdict
    problems: tuple[str, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Whether nothing differs."""
        return not self.verdict.problems and not self.problems

    @property
    def count(self) -> int:
        """How many requests the callers counted."""
        return sum(key.count for key in self.verdict.keys)

    def as_json(self) -> dict[str, Any]:
        """Return all of it, for programs."""
        return {
            "passed": self.has_passed,
            "seed": self.seed,
            "seconds": self.seconds,
            "kills": dict(self.kills),
            "blows": [asdict(blow) for blow in self.blows],
            "drain_seconds": round(self.drain_seconds, 1),
            "counted": self.count,
            "keys": [_key_json(key) for key in self.verdict.keys],
            "problems": [*self.verdict.problems, *self.problems],
        }


def _key_json(key: KeyCount) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "counted": key.count,
        "answers": key.heard,
        "cut_recorded": key.cut_recorded,
        "cut_unrecorded": key.cut_unrecorded,
        "keyless": key.keyless,
        "rows": key.rows,
        "told": {name: counted._asdict() for name, counted in key.told.items()},
    }


def meter_table(report: MeterReport) -> Table:
    """Return a run for a terminal."""
    told = list(dict.fromkeys(name.partition(".")[0] for key in report.verdict.keys for name in key.told))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("key", "answers", "cut, on record", "counted", "rows", *told, "cut, not on record", "answered to nobody"):
        table.add_column(heading, justify="right", no_wrap=True)
    for key in report.verdict.keys:
        by_each = [_all_like(key, who) for who in told]
        table.add_row(
            str(key.key_id), f"{key.heard:,}", f"{key.cut_recorded:,}", f"{key.count:,}", _like(key.rows, key.count), *by_each,
            f"{key.cut_unrecorded:,}", f"{key.keyless:,}",
        )  # fmt: skip
    return table


def _all_like(key: KeyCount, who: str) -> Text:
    """Return what one of those who count says: one number, where all its forms say the same."""
    numbers = {name: counted.requests for name, counted in key.told.items() if name.partition(".")[0] == who}
    if len(set(numbers.values())) == 1:
        return _like(next(iter(numbers.values())), key.count)
    return Text(", ".join(f"{name.partition('.')[2]} {number:,}" for name, number in numbers.items()), "bold red")


def _like(number: int, counted: int) -> Text:
    return Text(f"{number:,}", "green" if number == counted else "bold red")


def summary(report: MeterReport) -> str:
    """Return a run in one line."""
    kills = ", ".join(f"{name} {count}" for name, count in sorted(report.kills.items()))
    told = f"{report.count:,} requests counted, killed: {kills}; drained in {report.drain_seconds:.0f} s."
    again = "" if report.has_passed else f" Again: beast rehearse meter --seed {report.seed} --seconds {report.seconds:g}"
    return f"Seed {report.seed}. {told} {'Passed.' if report.has_passed else 'Failed.'}{again}"
