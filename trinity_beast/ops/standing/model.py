"""The nouns of a node's state: where it is asked, and what it says, reckoned up for one screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class NodePorts:
    """Where a node tells how it fares: its price port, and its health port with the figures."""

    url: str
    health_url: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the screen: of what, whether it is well, and what there is to say."""

    what: str
    standing: str
    """`good`, `weak` (it works less), `wrong` (the node does not serve for it), `off` (it is not wanted)."""
    told: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A node's state as one screen tells it."""

    status: str
    up_seconds: float
    lines: Sequence[Line] = ()
    backlog: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether it can serve."""
        return self.status in {"ready", "degraded"}


COUNTED = ("tcp_requests", "udp_requests", "lrs_requests", "rate_limited", "keys_refused", "prices_stale", "prices_unavailable")
BACKLOG = ("usage_recorded", "usage_lost", "batch_rows_queued")


def standing_of(health: Mapping[str, Any], counters: Mapping[str, Any], exchanges: Sequence[Mapping[str, Any]]) -> Standing:
    """Return what a node told of itself, line by line; whatever it did not tell is left out."""
    lines = [_part_line(part) for part in health.get("parts", ()) if isinstance(part, dict)]
    lines += [_exchange_line(each) for each in exchanges if isinstance(each, dict)]
    counted = ", ".join(f"{name} {counters[name]:,}" for name in COUNTED if isinstance(counters.get(name), int))
    if counted:
        lines.append(Line("requests", "good", counted))
    backlog = {name: counters[name] for name in BACKLOG if isinstance(counters.get(name), int)}
    if backlog:
        standing = "weak" if backlog.get("usage_lost") else "good"
        lines.append(Line("usage", standing, ", ".join(f"{name} {count:,}" for name, count in backlog.items())))
    up = health.get("up_seconds")
    return Standing(str(health.get("status", "unknown")), float(up) if isinstance(up, int | float) else 0.0, lines, backlog)


def _part_line(part: Mapping[str, Any]) -> Line:
    facts = part.get("facts")
    told = ", ".join(f"{name} {value}" for name, value in facts.items()) if isinstance(facts, dict) else ""
    reason = str(part.get("reason") or "")
    standing = "good" if part.get("ok") is True else "wrong" if part.get("needed") is True else "weak"
    return Line(str(part.get("part", "?")), standing, ": ".join(each for each in (reason, told) if each))


def _exchange_line(exchange: Mapping[str, Any]) -> Line:
    states = exchange.get("states")
    counts: dict[str, int] = {}
    for state in states.values() if isinstance(states, dict) else ():
        counts[str(state)] = counts.get(str(state), 0) + 1
    state = str(exchange.get("state", "?"))
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])))
    return Line(
        f"exchange {exchange.get('venue', '?')}", {"live": "good", "off": "off"}.get(state, "weak"), f"{state}: {told}" if told else state
    )


def duration(seconds: float) -> str:
    """Return a length of time in its two greatest units."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{rest} s"
