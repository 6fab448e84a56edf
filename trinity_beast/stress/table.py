"""A stress test on a terminal: the table of its steps, and the line that moves while it runs."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from trinity_beast.stress.comparing import Compared
from trinity_beast.stress.model import Progress, Step
from trinity_beast.stress.report import Latency, Report, StepReport
from trinity_beast.stress.telling import beside_good, short_share, short_time, spread_told

_NUMBERS = ("at once", "connections", "good a second", "success", "p50", "p90", "p99", "p99.9", "most")


def report_table(report: Report) -> Table:
    """Return the table of a report: a row for each step."""
    table = _table(("target", *_NUMBERS, "beside good"), numbers=_NUMBERS)
    told = ""
    for step in report.steps:
        rate = "" if step.rate is None else f" at {step.rate:,.10g}/s"
        target = step.target + rate
        table.add_row("" if target == told else target, *_numbers(step), beside_good(step))
        told = target
    return table


def _numbers(step: StepReport) -> Sequence[str]:
    found = step.latency
    times = ("-",) * 5 if found is None else tuple(short_time(at) for at in (found.p50, found.p90, found.p99, found.p999, found.most))
    return (f"{step.concurrent:,}", spread_told(step), f"{step.per_second:,.0f}", short_share(step.success), *times)


def progress_table(step: Step, number: int, count: int, progress: Progress, done: float) -> Table:
    """Return how the step under way stands; `done` is the part of it that is over."""
    numbers = ("at once", "connected", "good", "refused", "failed", "done")
    table = _table(("step", "target", *numbers), numbers=numbers)
    counts = (f"{progress.good:,}", f"{progress.refused:,}", f"{progress.failed:,}")
    table.add_row(
        f"{number} of {count}", str(step.target), f"{step.concurrent:,}", f"{progress.connected:,}", *counts, f"{min(done, 1.0):.0%}"
    )
    return table


def reports_table(reports: Sequence[Mapping[str, object]]) -> Table:
    """Return the stored reports, as the node lists them."""
    table = _table(("report", "name", "began", "steps", "requests", "success", "best a second", "by"), numbers=("report", "steps"))
    for one in reports:
        success, best = float(str(one["success"])), float(str(one["best_per_second"]))
        table.add_row(
            str(one["report_id"]), str(one["name"]), str(one["began_at"])[:16].replace("T", " "), str(one["steps"]),
            f"{int(str(one['asked'])):,}", short_share(success), f"{best:,.0f}", str(one["stored_by"]),
        )  # fmt: skip
    return table


def compared_table(compared: Sequence[Compared]) -> Table:
    """Return two reports step by step: before, after, and after over before."""
    numbers = ("at once", "a second", "after", "ratio", "p50", "p50 after", "p99", "p99 after", "success", "success after")
    table = _table(("target", *numbers), numbers=numbers)
    for one in compared:
        before, after = one.before, one.after
        told = after or before
        assert told is not None, "a comparison is of something"
        table.add_row(
            told.target, f"{told.concurrent:,}", *(_rate(step) for step in (before, after)), _ratio(one.per_second),
            _time(before, "p50"), _time(after, "p50"), _time(before, "p99"), _time(after, "p99"),
            *(short_share(step.success) if step else "-" for step in (before, after)),
        )  # fmt: skip
    return table


def _rate(step: StepReport | None) -> str:
    return f"{step.per_second:,.0f}" if step else "-"


def _ratio(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"


def _time(step: StepReport | None, which: str) -> str:
    latency: Latency | None = step.latency if step else None
    return "-" if latency is None else short_time(getattr(latency, which))


def _table(headings: Sequence[str], *, numbers: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        is_number = heading in numbers
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table
