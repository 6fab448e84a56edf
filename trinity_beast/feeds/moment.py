"""One reading of both clocks."""

from typing import NamedTuple

from trinity_beast.clock import Clock

SECOND_NS = 1_000_000_000


class Moment(NamedTuple):
    """Now, by the wall clock (to compare with a venue's times) and by the monotonic one (to reckon durations)."""

    wall_ns: int
    monotonic_ns: int


def moment(clock: Clock) -> Moment:
    """Read both clocks."""
    return Moment(clock.time_ns(), clock.monotonic_ns())


def nanoseconds(seconds: float) -> int:
    """Return a duration as whole nanoseconds."""
    return round(seconds * SECOND_NS)
