"""How a comparison is told, to programs over HTTP and in `--json` alike."""

from pydantic import BaseModel, Field

from trinity_beast.usage.reconciling.model import Difference, Kind, Reconciled


class SpanTold(BaseModel):
    """Sequences of a lane, both ends included."""

    first: int
    last: int


class DifferenceTold(BaseModel):
    """One thing that is not as it must be; what does not concern it is null."""

    kind: str = Field(description=f"One of {', '.join(Kind)}; the README of usage says what each means.")
    node: str | None
    boot: str | None
    thread: int | None
    key_id: int | None
    day: str | None
    sequences: list[SpanTold]
    what: str
    expected: int | None
    found: int | None


class ReconciledTold(BaseModel):
    """What a comparison of spool, rows, counters and sums came to."""

    even: bool = Field(description="Whether nothing differs.")
    differences: list[DifferenceTold]
    spools_of: list[str] = Field(description="The nodes whose spools were read: what waits on others is not seen from here.")
    lanes: int
    days: list[str] = Field(description="The UTC days whose rows were compared.")
    rows: int
    waiting: int = Field(description="Records on those spools, on their way.")


def reconciled_told(reconciled: Reconciled) -> ReconciledTold:
    """Return a comparison as it is told."""
    return ReconciledTold(
        even=reconciled.is_even,
        differences=[_told(each) for each in reconciled.differences],
        spools_of=list(reconciled.nodes),
        lanes=reconciled.lanes,
        days=[str(day) for day in reconciled.days],
        rows=reconciled.rows,
        waiting=reconciled.waiting,
    )


def _told(difference: Difference) -> DifferenceTold:
    return DifferenceTold(
        kind=difference.kind.value,
        node=difference.node or None,
        boot=difference.boot or None,
        thread=difference.thread,
        key_id=difference.key_id,
        day=None if difference.day is None else str(difference.day),
        sequences=[SpanTold(first=span.first, last=span.last) for span in difference.spans],
        what=difference.what,
        expected=difference.expected,
        found=difference.found,
    )
