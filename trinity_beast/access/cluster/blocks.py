"""Keeps this node supplied with units of its keys' months, and gives back what it does not spend."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from trinity_beast.access.cluster import store
from trinity_beast.access.cluster.handing import hand_out, low_water, wanted
from trinity_beast.access.cluster.model import Ask, Handed, Holder, MonthOf
from trinity_beast.access.gate import Resolves
from trinity_beast.access.model import Grant, Refused
from trinity_beast.access.months import month_of, next_month
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.storage import Database, DependencyAway

TURN_SECONDS = 0.05
TURNS_PER_ROUND = 20
"""What was spent is told, and what others lack is given back, once a second."""

ASK_AGAIN_SECONDS = 1.0
"""A key for which the store had nothing is asked for again no sooner."""

KEPT_SECONDS = 60.0
"""Units of a key that is let in no more are kept so long: it may just be about to be let in."""

MONTHS_PER_ROUND = 512
MONTHS_KEPT = timedelta(days=62)
SECOND_NS = 1_000_000_000
_log = get_log("access")

Place = tuple[int, int]
"""A key's number and the Unix nanosecond at which a month of it ends, as the engine names it."""


class Quotas(Protocol):
    """The engine's side. `engine.Quotas` is one."""

    def deliver(self, deliveries: Sequence[tuple[int, int, int, int, bool, int]]) -> None:
        """Take delivery: key, month, units, units elsewhere, whether there may be more, low-water mark."""
        ...

    def take_out(self, months: Sequence[tuple[int, int, int]]) -> list[int]:
        """Take units out again, all but so many."""
        ...

    def accounts(self) -> list[tuple[int, int, int, int]]:
        """Return each key, month, units unspent, units spent."""
        ...

    def hungry(self) -> list[tuple[int, int]]:
        """Return the keys' months that want more."""
        ...

    def forget(self, months: Sequence[tuple[int, int]]) -> None:
        """Forget keys' months."""
        ...

    @property
    def life(self) -> str:
        """The name of this life of the node."""
        ...

    def former_lives(self) -> list[tuple[str, list[tuple[int, int, int]] | None]]:
        """Return what former lives have spent."""
        ...

    def forget_life(self, life: str) -> None:
        """Forget a former life."""
        ...


@dataclass(slots=True)
class Held:
    """What this node holds of one key's month."""

    of: MonthOf
    rate_per_second: float
    burst: int
    since_ns: int
    handed: int = 0
    spent_told: int = 0
    spent_seen: int = 0
    spent_per_second: float = 0.0
    ask_from_ns: int = 0
    is_unsure: bool = False
    """An exchange was lost: what the store says we were handed may be more than we have."""

    @property
    def wanted(self) -> int:
        """How many units should be here."""
        return wanted(rate_per_second=self.rate_per_second, burst=self.burst, spent_per_second=self.spent_per_second)


@dataclass(frozen=True, slots=True)
class Stock:
    """What the engine has of one key's month."""

    left: int = 0
    spent: int = 0


class QuotaBlocks:
    """One node's blocks: taken before a key is let in and before they run out, given back when others lack them.

    The store is the only authority: what it has handed to this life of this node is ours alone. A commit whose answer was
    lost is made good at the next exchange, which reads what we were handed.
    """

    name = "quota_blocks"

    def __init__(
        self,
        quotas: Quotas,
        keys: Resolves,
        database: Database,
        node_id: str,
        clock: Clock,
        *,
        admitted: Callable[[], Iterable[tuple[bytes, Grant]]],
    ) -> None:
        self._quotas, self._keys, self._database, self._clock, self._admitted = quotas, keys, database, clock, admitted
        self._holder = Holder(node_id, quotas.life or "memory")
        self._held: dict[Place, Held] = {}
        self._hungry: set[Place] = set()
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._was_away = False

    async def start(self) -> None:
        """Settle what former lives have left, and keep the node supplied from here on."""
        await self.settle_former_lives()
        self._task = asyncio.create_task(self._turn_for_ever())

    async def stop(self) -> None:
        """Give back everything that was not spent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for places in _portions(list(self._held)):
            await self._tried(self._exchange({place: self._ending(place) for place in places}))

    async def resolve(self, digests: Collection[bytes]) -> Mapping[bytes, Grant | Refused]:
        """Tell what each digest's key may do, as `Keys.resolve`, with units of its month in this node where it has a quota."""
        found = await self._keys.resolve(digests)
        grants = {digest: replace(grant, in_blocks=_is_in_blocks(grant)) for digest, grant in found.items() if isinstance(grant, Grant)}
        new = [place for grant in grants.values() if grant.in_blocks and (place := self._hold(grant)) is not None]
        if new:
            stocks = self._stocks()
            await self._exchange({place: self._asking(place, stocks) for place in new})
        return {**found, **grants}

    async def settle_former_lives(self) -> None:
        """Give back what lives of this node that were killed had not spent, and book what they had."""
        former = dict(self._quotas.former_lives())
        async with self._database.transaction() as tx:
            left_behind = await store.blocks_of_former_lives(tx, self._holder.node_id, self._holder.life)
            for life, blocks in left_behind.items():
                spent_of = _spent_by_place(former.get(life))
                returned: dict[tuple[str, date], int] = {}
                booked: dict[int, int] = {}
                for key_id, month, account_id, block in blocks:
                    # Nobody knows what a life spent whose machine fell: all of it, then, for no unit may be spent twice.
                    spent = block.handed if spent_of is None else min(block.handed, spent_of.get((key_id, _ends_ns(month)), 0))
                    for subject in [f"key:{key_id}"] + ([] if account_id is None else [f"account:{account_id}"]):
                        returned[subject, month] = returned.get((subject, month), 0) + block.handed - spent
                    if month == month_of(self._clock.now()):
                        booked[key_id] = booked.get(key_id, 0) + max(0, spent - block.spent)
                await store.give_back(tx, returned)
                await store.forget_life(tx, Holder(self._holder.node_id, life))
                await store.book_use(tx, booked, at=self._clock.now())
                _log.info("former life settled", blocks=len(blocks), units=sum(returned.values()), is_known=spent_of is not None)
            await store.forget_months_before(tx, month_of(self._clock.now() - MONTHS_KEPT))
        for life in former:
            self._quotas.forget_life(life)

    async def turn(self, *, is_round: bool) -> None:
        """Ask for what is about to run out; in a round also tell what was spent and give back what others lack."""
        self._hungry.update(self._quotas.hungry())
        now_ns, stocks = self._clock.monotonic_ns(), self._stocks() if self._hungry or is_round else {}
        self._hold_again(self._hungry - self._held.keys())
        asks = {place: self._asking(place, stocks) for place in self._hungry if self._held[place].ask_from_ns <= now_ns}
        if is_round:
            asks = await self._round(now_ns, stocks) | asks
        for places in _portions(list(asks)):
            await self._exchange({place: asks[place] for place in places})

    async def _turn_for_ever(self) -> None:
        turns = 0
        while True:
            await self._clock.sleep(TURN_SECONDS)
            turns += 1
            await self._tried(self.turn(is_round=turns % TURNS_PER_ROUND == 0))

    async def _tried(self, work: Awaitable[None]) -> None:
        try:
            await work
            self._was_away = False
        except DependencyAway as error:
            if not self._was_away:
                _log.warning("quotas not exchanged", error=error, keys=len(self._held))
            self._was_away = True
        except Exception as error:
            _log.error("quotas not exchanged", error=error, keys=len(self._held))  # The next turn asks again.

    async def _round(self, now_ns: int, stocks: Mapping[Place, Stock]) -> dict[Place, Ask]:
        admitted = {place_of(grant) for _, grant in self._admitted()}
        wall_ns = self._clock.time_ns()
        asks: dict[Place, Ask] = {}
        for place, held in self._held.items():
            stock = stocks.get(place, Stock())
            held.spent_per_second = 0.8 * held.spent_per_second + 0.2 * max(0, stock.spent - held.spent_seen)
            held.spent_seen = stock.spent
            is_gone = place not in admitted and now_ns - held.since_ns > KEPT_SECONDS * SECOND_NS
            if is_gone or wall_ns >= place[1]:
                asks[place] = self._ending(place)
            elif stock.spent != held.spent_told or held.is_unsure:
                asks[place] = Ask(held.of, spent=stock.spent)
        return asks | await self._recalled(stocks, asks)

    async def _recalled(self, stocks: Mapping[Place, Stock], asks: Mapping[Place, Ask]) -> dict[Place, Ask]:
        """Return what to give back of months that other nodes have run out of."""
        spare = {place: held for place, held in self._held.items() if place not in asks or not asks[place].ends}
        spare = {place: held for place, held in spare.items() if stocks.get(place, Stock()).left > 0}
        if not spare:
            return {}
        async with self._database.transaction() as tx:
            starved = await store.starved(tx, [held.of for held in spare.values()])
        recalled = {}
        for place, held in spare.items():
            if starved.isdisjoint(held.of.subjects):
                continue
            left = stocks[place].left
            recalled[place] = self._giving(place, keep=min(left // 2, round(held.spent_per_second)))
        return recalled

    def _hold(self, grant: Grant) -> Place | None:
        """Note what a key that is let in may spend; its place where nothing of its month is held yet."""
        place, of = place_of(grant), month_for(grant)
        held = self._held.get(place)
        if held is None:
            held = self._held[place] = Held(of, grant.rate_per_second, grant.burst, self._clock.monotonic_ns())
        held.of, held.rate_per_second, held.burst = of, grant.rate_per_second, grant.burst
        return place if held.handed == 0 else None

    def _hold_again(self, places: set[Place]) -> None:
        """Hold what was let go just when its key was let in again; what no key asks for any more is no matter."""
        if places:
            for _, grant in self._admitted():
                if place_of(grant) in places:
                    self._hold(grant)
            self._hungry &= self._held.keys()

    def _asking(self, place: Place, stocks: Mapping[Place, Stock]) -> Ask:
        held, stock = self._held[place], stocks.get(place, Stock())
        return Ask(held.of, wants=max(0, held.wanted - stock.left), spent=stock.spent)

    def _giving(self, place: Place, *, keep: int) -> Ask:
        held = self._held[place]
        (taken,) = self._quotas.take_out([(*place, keep)])
        held.handed -= taken
        held.is_unsure = True  # Until the store has taken it.
        return Ask(held.of, gives=taken, spent=self._stocks().get(place, Stock()).spent)

    def _ending(self, place: Place) -> Ask:
        return replace(self._giving(place, keep=0), ends=True)

    def _stocks(self) -> dict[Place, Stock]:
        return {(key_id, ends_ns): Stock(left, spent) for key_id, ends_ns, left, spent in self._quotas.accounts()}

    async def _exchange(self, asks: Mapping[Place, Ask]) -> None:
        """Have the store decide, and take delivery. Whatever is lost on the way is made good at the next exchange."""
        async with self._one_at_a_time:
            for place in asks:
                self._held[place].is_unsure = True
            months = [ask.of for ask in asks.values()]
            async with self._database.transaction() as tx:
                handed_out = await store.lock_handed_out(tx, self._holder, months)
                handed = {place: hand_out(ask, handed_out) for place, ask in asks.items()}
                ended = [ask.of for ask in asks.values() if ask.ends]
                await store.write_handed_out(tx, self._holder, handed_out, months, ended)
                alerts = await store.book_use(tx, self._newly_spent(asks), at=self._clock.now())
            self._take_delivery(asks, handed)
            for alert in alerts:
                _log.info("quota reached", key_id=alert.key_id, percent=alert.percent, used=alert.used, quota=alert.quota)

    def _newly_spent(self, asks: Mapping[Place, Ask]) -> dict[int, int]:
        this_month = month_of(self._clock.now())
        newly = {place: ask.spent - self._held[place].spent_told for place, ask in asks.items() if ask.of.month == this_month}
        return {place[0]: spent for place, spent in newly.items() if spent > 0}

    def _take_delivery(self, asks: Mapping[Place, Ask], handed: Mapping[Place, Handed]) -> None:
        again_ns = self._clock.monotonic_ns() + round(ASK_AGAIN_SECONDS * SECOND_NS)
        deliveries = []
        for place, got in handed.items():
            held = self._held[place]
            units, held.handed, held.spent_told, held.is_unsure = got.handed - held.handed, got.handed, asks[place].spent, False
            self._hungry.discard(place)
            if asks[place].ends:
                del self._held[place]
                self._quotas.forget([place])
                continue
            held.ask_from_ns = 0 if got.left > 0 else again_ns
            low = low_water(rate_per_second=held.rate_per_second, burst=held.burst) if got.left > 0 else 0
            deliveries.append((*place, max(0, units), got.left, got.has_more, low))
        self._quotas.deliver(deliveries)


def place_of(grant: Grant) -> Place:
    """Return how the engine names a grant's month."""
    return grant.key_id, _unix_ns(grant.quota_resets_at)


def month_for(grant: Grant) -> MonthOf:
    """Return the month of a grant and what bounds it."""
    month = month_of(grant.quota_resets_at - timedelta(seconds=1))
    return MonthOf(grant.key_id, month, grant.quota or 0, grant.account_id, grant.account_quota)


def _is_in_blocks(grant: Grant) -> bool:
    return grant.quota is not None and not grant.unlimited


def _spent_by_place(spent: list[tuple[int, int, int]] | None) -> dict[Place, int] | None:
    return None if spent is None else {(key_id, ends_ns): units for key_id, ends_ns, units in spent}


def _ends_ns(month: date) -> int:
    return _unix_ns(next_month(datetime(month.year, month.month, 1, tzinfo=UTC)))


def _unix_ns(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND_NS + moment.microsecond * 1_000


def _portions(places: Sequence[Place]) -> list[Sequence[Place]]:
    return [places[start : start + MONTHS_PER_ROUND] for start in range(0, len(places), MONTHS_PER_ROUND)]
