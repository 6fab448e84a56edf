"""Plots as SVG: lines over two axes, each of them even or by powers of ten. No script, no font, no network."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 76, 16, 14, 46
COLOURS = 8
TICKS_MAX = 7

Shown = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name, its points, and which of the colours it has. A faint one is one of many of its kind."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: int
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: what stands beside it, how its numbers are shown, where its ticks are (None: where they fall)."""

    title: str
    shown: Shown
    is_log: bool = False
    ticks: Sequence[float] | None = None
    least: float | None = None


def plot(lines: Sequence[Line], across: Axis, up: Axis, *, label: str) -> str:
    """Return a plot as an `svg` element; empty where there is nothing to draw. `label` says in words what it shows."""
    points = [point for line in lines for point in line.points if _can_stand(point, across, up)]
    if not points:
        return ""
    x_scale, y_scale = _scale(across, [x for x, _ in points], LEFT, WIDTH - RIGHT), _scale(up, [y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label, quote=True)}">',
        *(_up_tick(tick, y_scale(tick), up) for tick in y_scale.ticks),
        *(_across_tick(tick, x_scale(tick), across) for tick in x_scale.ticks),
        f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>',
        f'<text class="title" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 6}">{escape(across.title)}</text>',
        f'<text class="title" transform="translate(13 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)">{escape(up.title)}</text>',
        *(_drawn(line, across, up, x_scale, y_scale) for line in lines),
        "</svg>",
    ]
    return "".join(parts)


def legend(lines: Sequence[Line]) -> str:
    """Return what tells the lines apart."""
    items = "".join(f'<li class="c{line.colour % COLOURS}" style="opacity:{line.strength:.2f}">{escape(line.name)}</li>' for line in lines)
    return f'<ul class="legend">{items}</ul>'


class _Scale:
    """Where a number stands on an axis."""

    def __init__(self, axis: Axis, least: float, most: float, start: float, end: float) -> None:
        self._is_log, self._start, self._end = axis.is_log, start, end
        self._least, self._most = (math.log10(least), math.log10(most)) if axis.is_log else (least, most)
        self.ticks = [tick for tick in axis.ticks or _ticks(least, most, is_log=axis.is_log) if least <= tick <= most]

    def __call__(self, number: float) -> float:
        at = math.log10(number) if self._is_log else number
        return self._start + (at - self._least) / (self._most - self._least) * (self._end - self._start)


def _scale(axis: Axis, numbers: Sequence[float], start: float, end: float) -> _Scale:
    least, most = min(numbers), max(numbers)
    if axis.is_log:
        wider = 1.15
        return _Scale(axis, least / wider, most * wider, start, end)
    if axis.least is not None:
        least = min(least, axis.least)
    if most <= least:
        most = least + 1.0
    return _Scale(axis, least, most + (most - least) * 0.04, start, end)


def _ticks(least: float, most: float, *, is_log: bool) -> Sequence[float]:
    if is_log:
        powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
        steps = (1, 2, 5) if len(powers) <= 3 else (1,)
        return [step * 10.0**power for power in powers for step in steps]
    step = 10.0 ** math.floor(math.log10((most - least) / TICKS_MAX))
    while (most - least) / step > TICKS_MAX:
        step *= 2.5 if round(math.log10(step) % 1, 2) == 0.3 else 2.0
    return [math.ceil(least / step) * step + place * step for place in range(TICKS_MAX + 1)]


def _can_stand(point: tuple[float, float], across: Axis, up: Axis) -> bool:
    return (point[0] > 0 or not across.is_log) and (point[1] > 0 or not up.is_log)


def _up_tick(tick: float, y: float, axis: Axis) -> str:
    return (
        f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        f'<text class="tick end" x="{LEFT - 6}" y="{y + 4:.1f}">{escape(axis.shown(tick))}</text>'
    )


def _across_tick(tick: float, x: float, axis: Axis) -> str:
    return (
        f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}">{escape(axis.shown(tick))}</text>'
    )


def _drawn(line: Line, across: Axis, up: Axis, x_scale: _Scale, y_scale: _Scale) -> str:
    places = [(x_scale(x), y_scale(y)) for x, y in line.points if _can_stand((x, y), across, up)]
    if not places:
        return ""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    few = places if len(places) <= 20 else []
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in few)
    return (
        f'<g class="line c{line.colour % COLOURS}" style="opacity:{line.strength:.2f}"><title>{escape(line.name)}</title>'
        f'<path d="M{path}"/>{dots}</g>'
    )
