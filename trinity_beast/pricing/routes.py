"""Prices over HTTP: what the engine hands over, answered by the same rules and in the same words."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, Field

from trinity_beast.access import KEY_REFUSALS
from trinity_beast.feeds import FeedStatus
from trinity_beast.pricing.demand import Demand
from trinity_beast.pricing.errors import AssetUnknown, PriceStale, PriceUnavailable
from trinity_beast.pricing.model import Missing, Price
from trinity_beast.pricing.service import Prices
from trinity_beast.storage import DependencyAway
from trinity_beast.web import Count, RequestInvalid, Usage, counters_of, current, refusals

ASSETS_MAX = 1_000
_NAME_CHARACTERS_MAX = 40
_ANYWHERE = (*KEY_REFUSALS, DependencyAway)
_AGE_MS_MAX = 86_400_000

_COUNTED_AS = {"memory": "syncmap_hits", "valkey": "elasticache_hits", "rest": "cache_misses"}
"""What is counted of a price that was told, by who had it. As the engine counts."""

Name = Annotated[str, Field(min_length=1, max_length=_NAME_CHARACTERS_MAX)]
Venue = Annotated[str | None, Query(max_length=_NAME_CHARACTERS_MAX, description="Only this venue's price.")]
MaxAge = Annotated[int | None, Query(ge=0, le=_AGE_MS_MAX, description="Refuse a price older than this, in milliseconds.")]


class PriceTold(BaseModel):
    """One price. Digits as the venue printed them, times in UTC, age at the moment of the answer."""

    asset: str
    price: str
    quote: str
    venue: str
    source: str
    cache_tier: str
    state: str
    exchange_time: str
    received_time: str
    age_ms: int


class MissingTold(BaseModel):
    """An asset of a list without a price, and why."""

    asset: str
    code: str
    message: str


class PricesTold(BaseModel):
    """Many prices: one bad asset never fails the rest."""

    prices: list[PriceTold]
    missing: list[MissingTold]


class ExchangeTold(BaseModel):
    """One exchange, how its feed stands, the assets it prices, and how each of them stands there.

    An asset is `live`, `quiet` or `rest` when it may be served, else `stale` or `unavailable`; `on_demand` is fetched when asked for.
    """

    venue: str
    name: str
    state: str
    assets: list[str]
    states: dict[str, str]


class ExchangesTold(BaseModel):
    """Every exchange."""

    exchanges: list[ExchangeTold]


class AssetList(BaseModel):
    """The assets wanted."""

    assets: list[Name] = Field(max_length=ASSETS_MAX)


def price_routes(
    prices: Prices,
    demand: Demand,
    *,
    admitted: Callable[..., Awaitable[Usage]],
    exchanges: Callable[[], Sequence[FeedStatus]],
    count: Count,
) -> APIRouter:
    """Return the price routes. `admitted` lets a caller in and spends one request; `exchanges` tells how each feed stands."""
    router = APIRouter(tags=["prices"])
    desk = _Desk(demand, count)

    @router.get("/price", responses=refusals(*_ANYWHERE, AssetUnknown, PriceStale, PriceUnavailable))
    async def one_price(
        usage: Annotated[Usage, Depends(admitted)],
        asset: Annotated[str, Query(min_length=1, max_length=_NAME_CHARACTERS_MAX, examples=["BTC"])],
        venue: Venue = None,
        max_age_ms: MaxAge = None,
    ) -> PriceTold:
        """Tell one asset's price."""
        return PriceTold.model_validate(await desk.one(usage, asset, venue, max_age_ms))

    @router.get("/prices", responses=refusals(*_ANYWHERE))
    async def many_prices(
        usage: Annotated[Usage, Depends(admitted)],
        assets: Annotated[
            str | None, Query(description="Codes with commas between; all prewarmed assets without.", examples=["BTC,ETH"])
        ] = None,
        venue: Venue = None,
        max_age_ms: MaxAge = None,
    ) -> PricesTold:
        """Tell many prices at once, for one request of the key."""
        if assets is None:
            return PricesTold.model_validate(await desk.many(usage, prices.prewarmed(), venue, max_age_ms))
        named = [name for each in assets.split(",") if (name := each.strip())]
        return PricesTold.model_validate(await desk.named(usage, named, venue, max_age_ms))

    @router.post("/prices", responses=refusals(*_ANYWHERE))
    async def many_prices_by_list(
        usage: Annotated[Usage, Depends(admitted)],
        body: Annotated[AssetList | Annotated[list[Name], Field(max_length=ASSETS_MAX)], Body()],
        venue: Venue = None,
        max_age_ms: MaxAge = None,
    ) -> PricesTold:
        """Tell many prices at once; the assets as a JSON list, or as `{"assets": [...]}`."""
        named = body.assets if isinstance(body, AssetList) else body
        return PricesTold.model_validate(await desk.named(usage, named, venue, max_age_ms))

    @router.get("/exchanges")
    async def every_exchange() -> ExchangesTold:
        """Tell every exchange, how its feed stands, the assets it prices and how each stands there. Free, without a key."""
        told = [(each, {str(asset): state for asset, state in prices.states_of(each.venue).items()}) for each in exchanges()]
        return ExchangesTold(
            exchanges=[
                ExchangeTold(venue=each.venue, name=each.display_name, state=each.state.value, assets=list(states), states=states)
                for each, states in told
            ]
        )

    return router


class _Desk:
    """Reads prices for a caller, and notes in the usage what was told."""

    def __init__(self, demand: Demand, count: Count) -> None:
        self._demand, self._count = demand, count

    async def one(self, usage: Usage, asset: str, venue: str | None, max_age_ms: int | None) -> dict[str, object]:
        usage.asset, usage.asset_count = _recorded(asset), 1
        price = await self._demand.read(asset, venue=venue, max_age_ms=max_age_ms)
        self._note(usage, [price])
        return price.as_json()

    async def named(self, usage: Usage, wanted: Sequence[str], venue: str | None, max_age_ms: int | None) -> dict[str, Any]:
        """Tell what a caller named, as many at once as their tier includes."""
        named = len(set(wanted))
        if named <= ASSETS_MAX:  # More than that nobody's tier includes, and it is refused as such.
            usage.name_assets(named)
        return await self.many(usage, wanted, venue, max_age_ms)

    async def many(self, usage: Usage, wanted: Sequence[str], venue: str | None, max_age_ms: int | None) -> dict[str, Any]:
        names = list(dict.fromkeys(wanted))
        if len(names) > ASSETS_MAX:
            raise RequestInvalid(reason=f"{len(names)} assets were asked for, {ASSETS_MAX} at once are answered", location="assets")
        if any(len(name) > _NAME_CHARACTERS_MAX for name in names):
            raise RequestInvalid(reason=f"an asset's code has at most {_NAME_CHARACTERS_MAX} characters", location="assets")
        usage.asset, usage.asset_count = _recorded(names[0]) if names else "", len(names)
        found = await self._demand.read_many(names, venue=venue, max_age_ms=max_age_ms)
        self._note(usage, found.prices)
        for name in (name for each in found.missing for name in counters_of(each.code)):
            self._count(name, 1)
        return {"prices": [each.as_json() for each in found.prices], "missing": [_missing(each) for each in found.missing]}

    def _note(self, usage: Usage, found: Sequence[Price]) -> None:
        for price in found:
            self._count(_COUNTED_AS[price.cache_tier], 1)
        if found:
            usage.charge()
            # As the engine does: a list is recorded by its first price.
            first = found[0]
            usage.source, usage.venue, usage.cache_tier, usage.state = first.source, first.venue, first.cache_tier, first.state


def _missing(each: Missing) -> dict[str, str]:
    asked = current()
    told = asked.words.told(each.code, each.facts, accept_language=asked.accept_language)
    return {"asset": each.asset, "code": each.code, "message": told.message}


def _recorded(asset: str) -> str:
    """Return an asset as usage records can hold it: one that is no asset code at all is recorded as none."""
    return asset if len(asset) <= 16 and asset.isascii() and asset.isalnum() and asset == asset.upper() else ""
