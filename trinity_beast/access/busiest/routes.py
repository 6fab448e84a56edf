"""The busiest keys over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from trinity_beast.access.busiest.service import Busiest, BusyKey
from trinity_beast.access.errors import ADMIN_REFUSALS
from trinity_beast.access.operators import Operator
from trinity_beast.access.service import Keys
from trinity_beast.storage import DependencyAway
from trinity_beast.web import refusals

KEYS_MAX = 200


class BusyKeyTold(BaseModel):
    """A key and what it asked of this node."""

    key_id: int
    public_id: str | None = Field(description="Null where the store does not know it any more.")
    name: str | None
    granted: int
    refused: int
    per_second: float = Field(description="Granted and refused together.")


class BusiestTold(BaseModel):
    """The keys that ask most of this node, the busiest first."""

    seconds: float = Field(description="How far back this looks.")
    keys_asking: int = Field(description="How many keys asked in that time.")
    keys: list[BusyKeyTold]


def busiest_routes(busiest: Busiest, keys: Keys, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the live view of who asks most. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["keys"])

    @router.get("/keys/busiest", responses=refusals(*ADMIN_REFUSALS, DependencyAway))
    async def busiest_keys(
        _who: Annotated[Operator, Depends(operator)], limit: Annotated[int, Query(ge=1, le=KEYS_MAX)] = 20
    ) -> BusiestTold:  # fmt: skip
        """Tell which keys asked this node most within the last minute."""
        window = busiest.window(limit)
        names = await keys.names_of([key.key_id for key in window.busiest])
        told = [_told(key, names.get(key.key_id, (None, None)), window.seconds) for key in window.busiest]
        return BusiestTold(seconds=round(window.seconds, 3), keys_asking=window.keys, keys=told)

    return router


def _told(key: BusyKey, named: tuple[str | None, str | None], seconds: float) -> BusyKeyTold:
    asked = key.granted + key.refused
    return BusyKeyTold(
        key_id=key.key_id,
        public_id=named[0],
        name=named[1],
        granted=key.granted,
        refused=key.refused,
        per_second=round(asked / seconds, 3) if seconds else 0.0,
    )
