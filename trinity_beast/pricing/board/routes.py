"""Every price at once over HTTP, for operators: free, uncounted, the refused ones too."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.engine import Reading
from trinity_beast.web import refusals, timestamp_of

NAME_CHARACTERS_MAX = 40
MILLISECOND_NS, SECOND_NS = 1_000_000, 1_000_000_000


class HeldTold(BaseModel):
    """An asset and the price held of it. A state that is not told to callers (`stale`, `halted`, `unavailable`) is told here."""

    asset: str
    price: str | None = Field(description="The venue's digits; null while there is none.")
    quote: str
    venue: str
    source: str
    cache_tier: str
    state: str
    exchange_time: str | None
    age_ms: int | None


class BoardTold(BaseModel):
    """The prices of one node, in order of asset."""

    prices: list[HeldTold]


def board_routes(readings: Callable[[], Sequence[Reading]], *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the route. `readings` are the prices held now; `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["prices"])

    @router.get("/prices", responses=refusals(*ADMIN_REFUSALS))
    async def board(
        _who: Annotated[Operator, Depends(operator)],
        *,
        assets: Annotated[str, Query(max_length=8_000, description="Codes with commas between; all without.")] = "",
        venue: Annotated[str, Query(max_length=NAME_CHARACTERS_MAX)] = "",
        state: Annotated[str, Query(max_length=NAME_CHARACTERS_MAX, description="Only prices in this state.")] = "",
    ) -> BoardTold:
        """Tell every price this node holds, whether or not it may be told to callers. Free and uncounted."""
        wanted = {name.strip().upper() for name in assets.split(",") if name.strip()}
        found = [
            each for each in readings() if (not wanted or each.asset in wanted) and venue in {"", each.venue} and state in {"", each.state}
        ]
        return BoardTold(prices=[_held(each) for each in found])

    return router


def _held(each: Reading) -> HeldTold:
    has_price = each.price is not None
    moment = datetime.fromtimestamp(each.exchange_time_ns / SECOND_NS, UTC) if has_price else None
    return HeldTold(
        asset=each.asset,
        price=each.price,
        quote=each.quote,
        venue=each.venue,
        source=each.source,
        cache_tier=each.cache_tier,
        state=each.state,
        exchange_time=None if moment is None else timestamp_of(moment),
        age_ms=each.age_ns // MILLISECOND_NS if has_price else None,
    )
