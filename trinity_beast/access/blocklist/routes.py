"""The blocklist over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from trinity_beast.access.blocklist.errors import BlockInvalid, BlocklistFull, BlockUnknown, NetworkInvalid, NetworkProtected
from trinity_beast.access.blocklist.model import Block
from trinity_beast.access.blocklist.network import TEXT_CHARACTERS_MAX
from trinity_beast.access.blocklist.service import BLOCKED_FOR_MAX, REASON_CHARACTERS_MAX, Blocklist
from trinity_beast.access.errors import ADMIN_REFUSALS
from trinity_beast.access.operators import Operator
from trinity_beast.clock import Clock
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.storage import DependencyAway
from trinity_beast.web import NUMBER_MAX, refusals, timestamp_of

PAGE_MAX = 1_000
_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)

NetworkText = Annotated[
    str, Field(min_length=1, max_length=TEXT_CHARACTERS_MAX, description="An address or a network: `203.0.113.7`, `2001:db8::/32`.")
]


class AddBlock(BaseModel):
    """What to block, why, and for how long."""

    model_config = ConfigDict(extra="forbid", strict=True)

    network: NetworkText
    reason: str = Field(min_length=1, max_length=REASON_CHARACTERS_MAX)
    seconds: float | None = Field(default=None, gt=0, le=BLOCKED_FOR_MAX.total_seconds(), description="Null: until it is lifted.")
    expected_version: int | None = Field(
        default=None, ge=0, le=NUMBER_MAX, description="The `block_id` this is to replace; 409 where another stands. 0: none stands."
    )
    force: bool = Field(default=False, description="Block it although it holds loopback or your own address.")


class RemoveBlock(BaseModel):
    """What to let in again, exactly as it was blocked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    network: NetworkText


class BlockTold(BaseModel):
    """A block as operators see it."""

    block_id: int
    network: str
    state: str = Field(description="`standing`, `expired` or `lifted`.")
    reason: str
    blocked_by: str
    blocked_at: str
    expires_at: str | None
    lifted_by: str | None
    lifted_at: str | None


class BlocksTold(BaseModel):
    """Blocks, the newest first; `next_cursor` asks for those after them, and is null at the end."""

    blocks: list[BlockTold]
    next_cursor: int | None


def blocklist_routes(blocklist: Blocklist, *, operator: Callable[..., Awaitable[Operator]], clock: Clock) -> APIRouter:
    """Return the routes for the blocklist. `operator` lets operators in."""
    router = APIRouter(prefix="/admin/blocklist", tags=["blocklist"])

    @router.get("", responses=refusals(*_ANYWHERE))
    async def list_blocks(
        _who: Annotated[Operator, Depends(operator)],
        *,
        ended: Annotated[bool, Query(description="Those too that have expired or were lifted.")] = False,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        cursor: Annotated[int | None, Query(ge=1, le=NUMBER_MAX)] = None,
    ) -> BlocksTold:
        """List what is blocked: why, by whom, since when and until when."""
        page = await blocklist.listing(ended=ended, before=cursor, limit=limit)
        return BlocksTold(blocks=[told(block, clock) for block in page.blocks], next_cursor=page.next_before)

    @router.post("/add", responses=refusals(*_ANYWHERE, NetworkInvalid, NetworkProtected, BlockInvalid, BlocklistFull, ChangedMeanwhile))
    async def add_block(who: Annotated[Operator, Depends(operator)], body: AddBlock) -> BlockTold:
        """Refuse an address or a network, on every node within a second. A block it has already is replaced."""
        block = await blocklist.block(
            body.network,
            reason=body.reason,
            by=str(who),
            seconds=body.seconds,
            own=who.address,
            force=body.force,
            expected_version=body.expected_version,
        )
        return told(block, clock)

    @router.post("/remove", responses=refusals(*_ANYWHERE, NetworkInvalid, BlockUnknown))
    async def remove_block(who: Annotated[Operator, Depends(operator)], body: RemoveBlock) -> BlockTold:
        """Let a network in again. Only a block of exactly this network is lifted."""
        return told(await blocklist.lift(body.network, by=str(who)), clock)

    return router


def told(block: Block, clock: Clock) -> BlockTold:
    """Return a block as operators see it."""
    return BlockTold(
        block_id=block.block_id,
        network=str(block.network),
        state=block.state(clock.now()).value,
        reason=block.reason,
        blocked_by=block.blocked_by,
        blocked_at=timestamp_of(block.blocked_at),
        expires_at=timestamp_of(block.expires_at) if block.expires_at else None,
        lifted_by=block.lifted_by,
        lifted_at=timestamp_of(block.lifted_at) if block.lifted_at else None,
    )
