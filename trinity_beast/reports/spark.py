"""Numbers as little pictures that a terminal shows."""

from collections.abc import Sequence

STEPS = "▁▂▃▄▅▆▇█"
PARTS = " ▏▎▍▌▋▊▉█"
EIGHTHS = 8


def sparkline(values: Sequence[int]) -> str:
    """Return a column for each value, the greatest the highest. Nothing is a blank, and whatever is more than nothing is seen."""
    most = max(values, default=0)
    return "".join(" " if value <= 0 else STEPS[max(0, -(-value * EIGHTHS // most) - 1)] for value in values)


def bar(value: int, most: int, width: int) -> str:
    """Return a bar as long as `value` is of `most`, `width` characters for all of it; whatever is more than nothing is seen."""
    if most <= 0 or value <= 0:
        return ""
    eighths = max(1, round(value / most * width * EIGHTHS))
    return PARTS[-1] * (eighths // EIGHTHS) + PARTS[eighths % EIGHTHS].strip()
