"""A report as a page that needs nothing else: figures, tables and plots in one file."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from trinity_beast.stress.plots import Axis, Line, legend, plot
from trinity_beast.stress.report import Report, StepReport
from trinity_beast.stress.telling import beside_good, short_share, short_time, spread_told, summary

PERCENTILES = (("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("p999", "p99.9"))
COLUMNS = ("at once", "connections", "good a second", "success", "p50", "p90", "p99", "p99.9", "most", "beside good")
CURVE_STEP = 0.1
"""How many nines lie between two points of a latency curve."""

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2330;--faint:#5c6675;--rule:#d9dee6;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--paper:#12161d;--ink:#e6e9ee;--faint:#9aa5b4;--rule:#2b333f;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1rem 4rem;max-width:84rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2.4rem 0 .6rem;overflow-wrap:anywhere}h3{font-size:.95rem;margin:0 0 .3rem}
p{margin:.2rem 0}.faint{color:var(--faint)}.bad{color:var(--bad)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.6rem 1.4rem}
figure{margin:0}svg{width:100%;height:auto;display:block}
.wide{overflow-x:auto;margin-top:1.4rem}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.28rem .7rem .28rem 0;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th:last-child,td:last-child{text-align:left;white-space:normal;padding-left:.6rem}th{color:var(--faint);font-weight:600}
.grid{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--faint);fill:none}
.tick{fill:var(--faint);font:11px system-ui,sans-serif;text-anchor:middle}.end{text-anchor:end}
.title{fill:var(--faint);font:12px system-ui,sans-serif;text-anchor:middle}
.line path{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}.line circle{fill:currentColor}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;list-style:none;margin:.3rem 0 0;padding:0 0 0 .2rem;font-size:.82rem}
.legend li::before{content:"";display:inline-block;width:1.1em;height:.22em;background:currentColor;vertical-align:middle;margin-right:.4em}
.c0{color:#2f6fdb}.c1{color:#d9662b}.c2{color:#2a9d6f}.c3{color:#b1449b}.c4{color:#8a7a1f}.c5{color:#3b9dbd}.c6{color:#c23b4e}.c7{color:#7561d8}
"""


def page(report: Report) -> str:
    """Return a report as one HTML page: no script, and nothing of it is fetched from anywhere."""
    groups = _by_target(report.steps)
    body = [
        f"<h1>{escape(report.name)}</h1>",
        *(f"<p{_mark(number, report)}>{escape(line)}</p>" for number, line in enumerate(summary(report))),
        f'<p class="faint">{escape(_circumstances(report))}</p>',
        _together(groups),
        *(_section(name, steps) for name, steps in groups),
    ]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(report.name)}</title><style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _mark(number: int, report: Report) -> str:
    return ' class="bad"' if number == 0 and not (report.is_complete and report.success == 1.0) else ""


def _circumstances(report: Report) -> str:
    length = (report.ended_at - report.began_at).total_seconds()
    where = f"{report.machine.system}, {report.machine.processors} processors, Trinity Beast {report.machine.program}"
    return f"Began {report.began_at:%Y-%m-%d %H:%M:%S} UTC and took {length:,.0f} s. The clients ran on {where}."


def _by_target(steps: Sequence[StepReport]) -> list[tuple[str, list[StepReport]]]:
    groups: dict[str, list[StepReport]] = {}
    for step in steps:
        name = step.target + ("" if step.rate is None else f" at {step.rate:,.10g} a second")
        groups.setdefault(name, []).append(step)
    return list(groups.items())


def _together(groups: Sequence[tuple[str, Sequence[StepReport]]]) -> str:
    rates = [Line(name, [(step.concurrent, step.per_second) for step in steps], place) for place, (name, steps) in enumerate(groups)]
    medians = [
        Line(name, [(step.concurrent, step.latency.p50) for step in steps if step.latency], place)
        for place, (name, steps) in enumerate(groups)
    ]
    across = _levels_axis([step for _, steps in groups for step in steps])
    return _figures(
        ("Good answers a second", rates, across, Axis("good answers a second", _short_count, least=0.0)),
        ("Median latency", medians, across, Axis("p50", short_time, is_log=True)),
    )


def _section(name: str, steps: Sequence[StepReport]) -> str:
    across = _levels_axis(steps)
    latencies = [
        Line(shown, [(step.concurrent, getattr(step.latency, which)) for step in steps if step.latency], place)
        for place, (which, shown) in enumerate(PERCENTILES)
    ]
    curves = [
        Line(f"{step.concurrent:,} at once", _curve(step), place, strength)
        for place, (step, strength) in enumerate(zip(steps, _strengths(len(steps)), strict=True))
    ]
    courses = [Line(line.name, list(_course(step)), line.colour, line.strength) for line, step in zip(curves, steps, strict=True)]
    plots = _figures(
        ("Latency by level", latencies, across, Axis("latency", short_time, is_log=True)),
        ("How many waited how long", curves, Axis("of all answers", _nines), Axis("latency", short_time, is_log=True)),
        ("Course", courses, Axis("seconds, warming included", lambda at: f"{at:.10g}"), Axis("good a second", _short_count, least=0.0)),
        *_failing(steps, across),
    )
    return f"<h2>{escape(name)}</h2>{plots}{_table(steps)}"


Drawn = tuple[str, Sequence[Line], Axis, Axis]


def _failing(steps: Sequence[StepReport], across: Axis) -> Iterator[Drawn]:
    if any(not step.is_whole for step in steps):
        points = [(float(step.concurrent), step.success * 100) for step in steps]
        yield ("Success", [Line("answered well", points, 6)], across, Axis("% answered well", lambda share: f"{share:.10g} %"))


def _figures(*drawn: Drawn) -> str:
    figures = []
    for title, lines, across, up in drawn:
        told = plot(lines, across, up, label=f"{title}: {', '.join(line.name for line in lines)}")
        if told:
            figures.append(f"<figure><h3>{escape(title)}</h3>{told}{legend(lines)}</figure>")
    return f'<div class="plots">{"".join(figures)}</div>'


def _levels_axis(steps: Sequence[StepReport]) -> Axis:
    levels = sorted({step.concurrent for step in steps})
    # Ticks that would stand on each other are left out: each is a third more than the one before it.
    ticks: list[float] = []
    for level in levels:
        if not ticks or level >= ticks[-1] * 1.45:
            ticks.append(level)
    return Axis("requests at once", _short_count, is_log=True, ticks=ticks)


def _strengths(count: int) -> list[float]:
    return [0.45 + 0.55 * (place + 1) / count for place in range(count)]


def _curve(step: StepReport) -> list[tuple[float, float]]:
    return [(place * CURVE_STEP, time) for place, time in enumerate(step.latency.curve)] if step.latency else []


def _course(step: StepReport) -> Iterator[tuple[float, float]]:
    for before, after in pairwise(step.timeline):
        if after.seconds > before.seconds:
            yield after.seconds, max(0, after.good - before.good) / (after.seconds - before.seconds)


def _nines(nines: float) -> str:
    share = 100 * (1 - 10.0**-nines)
    return f"{share:.10g} %" if nines < 6 else f"{share:.6f} %"


def _short_count(count: float) -> str:
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.4g}{unit}"
    return f"{count:.4g}"


def _table(steps: Sequence[StepReport]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in COLUMNS)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(map(_row, steps))}</tbody></table></div>'


def _row(step: StepReport) -> str:
    found = step.latency
    times = ["-"] * 5 if found is None else [short_time(at) for at in (found.p50, found.p90, found.p99, found.p999, found.most)]
    cells = [f"{step.concurrent:,}", spread_told(step), f"{step.per_second:,.0f}", short_share(step.success), *times, beside_good(step)]
    mark = "" if step.is_whole else ' class="bad"'
    return f"<tr{mark}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
