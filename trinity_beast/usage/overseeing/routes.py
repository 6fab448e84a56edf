"""Usage on its way, over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.storage import DependencyAway
from trinity_beast.usage.aside.errors import SetAsideUnknown
from trinity_beast.usage.aside.model import SetAside, Standing
from trinity_beast.usage.aside.service import REDRIVEN_MAX, Aside
from trinity_beast.usage.overseeing.service import Oversight, Overview, QueueStanding
from trinity_beast.web import refusals, timestamp_of

PAGE_MAX = 1_000
REASON_CHARACTERS_MAX = 200
_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)
SetAsideId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class BacklogTold(BaseModel):
    """What waits on this node's disk to be stored."""

    files: int
    bytes: int
    bytes_max: int = Field(description="Past it the newest records are lost.")
    records: int
    bytes_per_record: float | None = Field(description="Null where nothing waits.")
    oldest_seconds: float = Field(description="How long the oldest has waited since it was whole on disk; 0 where nothing does.")


class ShippingTold(BaseModel):
    """What this node has had stored since it started."""

    records: int
    files: int
    stored_per_second: float = Field(description="Records, over the last minute.")
    set_aside: int
    compressed: int
    failures: int
    away: str = Field(description="Why nothing can be stored just now; empty while all is well.")


class QueueTold(BaseModel):
    """The queue, where usage goes through one."""

    waiting: int | None = Field(description="Messages, approximately; null while the queue does not answer.")
    in_hand: int | None
    records_under_way: int = Field(description="Records of this node that were sent and are not known to be stored.")
    sent_per_second: float
    resent: int
    away: str


class AsideCounted(BaseModel):
    """How much waits for a person."""

    batches: int
    records: int
    messages: int
    oldest_at: str | None


class FileTold(BaseModel):
    """A file of this node's spool that cannot be read, and why."""

    path: str
    reason: str


class OverviewTold(BaseModel):
    """Usage on its way from this node to the database."""

    carrier: str = Field(description="`in process`, or `queue`.")
    backlog: BacklogTold
    shipping: ShippingTold
    lost: int = Field(description="Records there was no room for, since this node started.")
    trouble: str = Field(description="What keeps records from being written to disk just now; empty where nothing does.")
    set_aside: AsideCounted | None = Field(description="Null while the database does not answer.")
    unreadable_files: int
    queue: QueueTold | None


class SetAsideTold(BaseModel):
    """A batch the database refuses, or a message nobody can read."""

    set_aside_id: int
    kind: str = Field(description="`batch` or `message`.")
    node: str
    boot: str
    thread: int | None
    first_sequence: int | None
    last_sequence: int | None
    records: int | None
    message_id: str
    message_type: str
    reason: str
    tries: int
    bytes: int
    set_aside_at: str
    settled_at: str | None
    settled_by: str
    outcome: str | None = Field(description="`stored`, `discarded`, or null while it waits.")


class SetAsidesTold(BaseModel):
    """A page, the newest first; `next_cursor` asks for those after, and is null at the end. `files` are this node's alone."""

    set_aside: list[SetAsideTold]
    files: list[FileTold]
    next_cursor: int | None


class Redrive(BaseModel):
    """What is to be tried once more; all that waits, up to a thousand, where none is named."""

    model_config = ConfigDict(extra="forbid", strict=True)

    set_aside_ids: list[SetAsideId] | None = Field(default=None, max_length=REDRIVEN_MAX)
    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)


class RedrivenTold(BaseModel):
    """What one came to."""

    set_aside_id: int
    stored: bool
    records: int = Field(description="Records that were new in the database.")
    reason: str = Field(description="Why it was refused again; it goes on waiting.")


class RedrivesTold(BaseModel):
    """What each came to, in order."""

    redriven: list[RedrivenTold]


class Discard(BaseModel):
    """What is to be given up for good, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    set_aside_ids: list[SetAsideId] = Field(min_length=1, max_length=REDRIVEN_MAX)
    reason: str = Field(min_length=1, max_length=REASON_CHARACTERS_MAX)


class Discarded(BaseModel):
    """How many were given up."""

    discarded: int


def usage_admin_routes(oversight: Oversight, aside: Aside, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes about usage on its way. `operator` lets operators in."""
    router = APIRouter(prefix="/admin/usage", tags=["usage"])

    @router.get("", responses=refusals(*ADMIN_REFUSALS))
    async def usage_on_its_way(_who: Annotated[Operator, Depends(operator)]) -> OverviewTold:
        """Tell what waits to be stored, how fast it goes, what stands in its way and what was set aside."""
        return overview_told(await oversight.overview())

    @router.get("/set-aside", responses=refusals(*_ANYWHERE))
    async def list_set_aside(
        _who: Annotated[Operator, Depends(operator)],
        *,
        settled: Annotated[bool, Query(description="Those too that were stored after all, or discarded.")] = False,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        cursor: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    ) -> SetAsidesTold:
        """List the batches the database refuses, the messages nobody can read, and this node's files that cannot be read."""
        page = await aside.listing(settled=settled, before=cursor, limit=limit)
        files = [FileTold(path=file.path, reason=file.reason) for file in (await oversight.overview()).unreadable]
        return SetAsidesTold(set_aside=[set_aside_told(each) for each in page.items], files=files, next_cursor=page.next_before)

    @router.post("/set-aside/redrive", responses=refusals(*_ANYWHERE, SetAsideUnknown))
    async def redrive(who: Annotated[Operator, Depends(operator)], body: Annotated[Redrive, Body(default_factory=Redrive)]) -> RedrivesTold:
        """Try to store what was set aside once more. What is refused again goes on waiting; nothing is ever stored twice."""
        told = await aside.redrive(body.set_aside_ids, by=str(who), reason=body.reason)
        each = [RedrivenTold(set_aside_id=one.set_aside_id, stored=one.is_stored, records=one.records, reason=one.reason) for one in told]
        return RedrivesTold(redriven=each)

    @router.post("/set-aside/discard", responses=refusals(*_ANYWHERE, SetAsideUnknown))
    async def discard(who: Annotated[Operator, Depends(operator)], body: Discard) -> Discarded:
        """Give up what was set aside, for good: all that are named, or none. Its records are never counted; the trail says who and why."""
        await aside.discard(body.set_aside_ids, by=str(who), reason=body.reason)
        return Discarded(discarded=len(body.set_aside_ids))

    return router


def overview_told(seen: Overview) -> OverviewTold:
    """Return an overview as operators see it."""
    backlog, shipped = seen.backlog, seen.shipped
    return OverviewTold(
        carrier=seen.carrier,
        backlog=BacklogTold(
            files=backlog.files,
            bytes=backlog.bytes,
            bytes_max=seen.bytes_max,
            records=backlog.records,
            bytes_per_record=round(backlog.bytes / backlog.records, 1) if backlog.records else None,
            oldest_seconds=round(seen.oldest_seconds, 3),
        ),
        shipping=ShippingTold(
            records=shipped.records,
            files=shipped.segments,
            stored_per_second=round(seen.stored_per_second, 1),
            set_aside=shipped.set_aside,
            compressed=shipped.compressed,
            failures=shipped.failures,
            away=seen.away,
        ),
        lost=seen.lost,
        trouble=seen.trouble,
        set_aside=None if seen.set_aside is None else _counted(seen.set_aside),
        unreadable_files=len(seen.unreadable),
        queue=None if seen.queue is None else _queue_told(seen.queue),
    )


def _counted(aside: Standing) -> AsideCounted:
    oldest_at = timestamp_of(aside.oldest_at) if aside.oldest_at else None
    return AsideCounted(batches=aside.batches, records=aside.records, messages=aside.messages, oldest_at=oldest_at)


def _queue_told(queue: QueueStanding) -> QueueTold:
    return QueueTold(
        waiting=queue.waiting,
        in_hand=queue.in_hand,
        records_under_way=queue.records_under_way,
        sent_per_second=round(queue.sent_per_second, 1),
        resent=queue.resent,
        away=queue.away,
    )


def set_aside_told(each: SetAside) -> SetAsideTold:
    """Return what was set aside as operators see it."""
    settled_at = timestamp_of(each.settled_at) if each.settled_at else None
    told = {"bytes": each.packed_bytes, "set_aside_at": timestamp_of(each.set_aside_at), "settled_at": settled_at}
    return SetAsideTold(**asdict(each) | told)
