"""Now, by both clocks."""

from typing import NamedTuple

from trinity_beast.clock import Clock

SECOND_NS = 1_000_000_000
SLEW_PPM = 500
"""How fast the wall time may be corrected, in parts in a million: as the engine has it, so both reckon the same ages."""


class Moment(NamedTuple):
    """Now, by the wall clock (to compare with a venue's times) and by the monotonic one (to reckon durations).

    `wall_ns` follows no step of the machine's clock; `machine_ns` is what that clock says, 0 where it is the same.
    """

    wall_ns: int
    monotonic_ns: int
    machine_ns: int = 0


class Timekeeper:
    """Reads the clocks, its wall time corrected by at most 500 parts in a million.

    A stepped wall clock would otherwise make live trades look like history, or like the future.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._anchor_wall_ns, self._anchor_monotonic_ns = clock.time_ns(), clock.monotonic_ns()

    def now(self) -> Moment:
        """Return the moment."""
        machine_ns, monotonic_ns = self._clock.time_ns(), self._clock.monotonic_ns()
        elapsed_ns = monotonic_ns - self._anchor_monotonic_ns
        expected_ns, slack_ns = self._anchor_wall_ns + elapsed_ns, elapsed_ns * SLEW_PPM // 1_000_000
        wall_ns = min(max(machine_ns, expected_ns - slack_ns), expected_ns + slack_ns)
        if elapsed_ns >= SECOND_NS:
            self._anchor_wall_ns, self._anchor_monotonic_ns = wall_ns, monotonic_ns
        return Moment(wall_ns, monotonic_ns, machine_ns)


def nanoseconds(seconds: float) -> int:
    """Return a duration as whole nanoseconds."""
    return round(seconds * SECOND_NS)
