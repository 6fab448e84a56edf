"""What each of many clients has of a step."""

from collections.abc import Sequence
from dataclasses import replace

from trinity_beast.stress.levels import share
from trinity_beast.stress.model import Progress, Step


def shares(step: Step, clients: int) -> Sequence[Step | None]:
    """Return each client's part of a step; None for one that has no caller. The parts make up the whole."""
    callers, wires, concurrent = share(step.callers, clients), share(max(step.on_wire, clients), clients), share(step.concurrent, clients)
    asking = sum(count > 0 for count in callers)
    rate = None if step.rate is None else step.rate / asking
    return [
        replace(step, concurrent=max(1, level), callers=count, on_wire=wire, rate=rate) if count else None
        for count, wire, level in zip(callers, wires, concurrent, strict=True)
    ]


def together(stands: Sequence[Progress]) -> Progress:
    """Return how all clients stand together, of the newest word of each."""
    return Progress(
        seconds=max((one.seconds for one in stands), default=0.0),
        connected=sum(one.connected for one in stands),
        good=sum(one.good for one in stands),
        refused=sum(one.refused for one in stands),
        failed=sum(one.failed for one in stands),
    )
