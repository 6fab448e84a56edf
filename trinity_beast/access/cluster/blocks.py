"""Keeps this node supplied with units of its keys' months, and gives back what it does not spend."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

from trinity_beast.access.admission import in_month_of
from trinity_beast.access.cluster import store
from trinity_beast.access.cluster.former_lives import FormerLives, settle_former_lives
from trinity_beast.access.cluster.handing import elsewhere, hand_out_all, low_water, wanted
from trinity_beast.access.cluster.model import Ask, Elsewhere, Handed, HandedOut, Holder, MonthOf, Others
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

PREPARE = timedelta(minutes=10)
"""How long before a month turns its units are asked for."""

MONTHS_PER_ROUND = 512
SECOND_NS = 1_000_000_000
_log = get_log("access")

Place = tuple[int, int]
"""A key's number and the Unix nanosecond at which a month of it ends, as the engine names it."""


class Quotas(FormerLives, Protocol):
    """The engine's side. `engine.Quotas` is one."""

    def deliver(self, deliveries: Sequence[tuple[int, int, int, int, bool, int]]) -> None:
        """Take delivery: key, month, units, units elsewhere, whether there may be more, low-water mark."""
        ...

    def store_is_away(self, is_away: bool) -> None:
        """Note whether units can be had: whoever lacks them is told why."""
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

    @property
    def wanted_at_least(self) -> int:
        """How many should be here though the key has not been used of late."""
        return wanted(rate_per_second=self.rate_per_second, burst=self.burst, spent_per_second=0.0)


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
        self._heard_of = 0
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
        await settle_former_lives(self._database, self._quotas, self._holder, self._clock)

    async def turn(self, *, is_round: bool) -> None:
        """Ask for what is about to run out; in a round also tell what was spent and give back what others lack."""
        try:
            await self._turn(is_round=is_round)
        except DependencyAway:
            self._quotas.store_is_away(True)  # Whoever lacks units is told why.
            raise

    async def _turn(self, *, is_round: bool) -> None:
        self._hungry.update(self._quotas.hungry())
        now_ns, stocks = self._clock.monotonic_ns(), self._stocks() if self._hungry or is_round else {}
        self._hold_again(self._hungry - self._held.keys())
        asks = {place: self._asking(place, stocks) for place in self._hungry if self._held[place].ask_from_ns <= now_ns}
        if is_round:
            asks = await self._round(now_ns, stocks) | asks
        for places in _portions(list(asks)):
            await self._exchange({place: asks[place] for place in places})
        if is_round:
            await self._hear_of_others()

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
        now = self._clock.now()
        # At the turn of the month some are not let into the new one yet.
        admitted = {place_of(in_month_of(grant, now)) for _, grant in self._admitted()} | self._prepare_next_month(stocks)
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

    def _prepare_next_month(self, stocks: Mapping[Place, Stock]) -> set[Place]:
        """Ask for units of the month to come shortly before it does, for keys in use: the store may be away when it turns."""
        turn = next_month(self._clock.now())
        if turn - self._clock.now() > PREPARE:
            return set()
        prepared = set()
        for grant in [in_month_of(grant, turn) for _, grant in self._admitted() if stocks.get(place_of(grant), Stock()).spent > 0]:
            prepared.add(place := place_of(grant))
            if place not in self._held and len(self._hungry) < MONTHS_PER_ROUND:
                self._hold(grant)
                self._hungry.add(place)
        return prepared

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
                self._reckon_with_siblings(asks.keys(), handed_out)
                handed = dict(zip(asks, hand_out_all(list(asks.values()), handed_out), strict=True))
                ended = [ask.of for ask in asks.values() if ask.ends]
                await store.write_handed_out(tx, self._holder, handed_out, months, ended)
                alerts = await store.book_use(tx, self._newly_spent(asks), at=self._clock.now())
            self._quotas.store_is_away(False)
            self._take_delivery(asks, handed)
            for alert in alerts:
                _log.info("quota reached", key_id=alert.key_id, percent=alert.percent, used=alert.used, quota=alert.quota)

    def _reckon_with_siblings(self, places: Collection[Place], handed_out: HandedOut) -> None:
        """Reckon with what the other keys of an account hold here: this node knows it better than the store."""
        stocks, here = self._stocks(), self._by_account()
        for place in places:
            of = self._held[place].of
            for sibling, held in here.get((of.account_id, of.month), ()):
                units = stocks.get(sibling, Stock()).left
                # One whose exchange is under way, or was lost, may be giving back.
                if sibling != place and (units > 0 or (held.is_unsure and sibling not in places)):
                    handed_out.others.setdefault(of.place, Others()).hold([f"account:{of.account_id}"], units)

    def _by_account(self) -> Mapping[tuple[int | None, date], Sequence[tuple[Place, Held]]]:
        found: dict[tuple[int | None, date], list[tuple[Place, Held]]] = {}
        for place, held in self._held.items():
            if held.of.account_id is not None:
                found.setdefault((held.of.account_id, held.of.month), []).append((place, held))
        return found

    async def _hear_of_others(self) -> None:
        """Hear what others have spent or given back of what is held here, of so many months a round, each in its turn.

        A key is told by it what its account has left, and a month that was spent goes on when there are units again: its
        quota was raised, or a node that was killed is back.
        """
        async with self._one_at_a_time:
            wall_ns = self._clock.time_ns()
            going = [place for place in self._held if wall_ns < place[1]]
            self._heard_of %= max(1, len(going))
            places = (going[self._heard_of :] + going[: self._heard_of])[:MONTHS_PER_ROUND]
            self._heard_of += len(places)
            if not places:
                return
            months = [self._held[place].of for place in places]
            async with self._database.transaction() as tx:
                handed_out = await store.look_at_handed_out(tx, self._holder, months)
            self._quotas.store_is_away(False)
            self._reckon_with_siblings(places, handed_out)
            found = {place: elsewhere(of, handed_out) for place, of in zip(places, months, strict=True)}
            self._quotas.deliver([_delivery(place, self._held[place], there, units=0) for place, there in found.items()])
            self._ask_where_there_is_plenty(found)

    def _ask_where_there_is_plenty(self, found: Mapping[Place, Elsewhere]) -> None:
        """Ask again where there are units again, so that nobody need be refused first. The last ones are left to whoever is."""
        stocks = self._stocks()
        for place, there in found.items():
            held = self._held[place]
            if there.left > 0:
                held.ask_from_ns = 0
            if not stocks[place].left and there.left >= held.wanted_at_least:
                self._hungry.add(place)

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
            held.ask_from_ns = 0 if got.elsewhere.left > 0 else again_ns
            deliveries.append(_delivery(place, held, got.elsewhere, units=max(0, units)))
        self._quotas.deliver(deliveries)


def _delivery(place: Place, held: Held, there: Elsewhere, *, units: int) -> tuple[int, int, int, int, bool, int]:
    low = low_water(rate_per_second=held.rate_per_second, burst=held.burst) if there.left > 0 else 0
    return (*place, units, there.told, there.has_more, low)


def place_of(grant: Grant) -> Place:
    """Return how the engine names a grant's month."""
    return grant.key_id, int(grant.quota_resets_at.timestamp()) * SECOND_NS


def month_for(grant: Grant) -> MonthOf:
    """Return the month of a grant and what bounds it."""
    return MonthOf(grant.key_id, _month(grant), grant.quota or 0, grant.account_id, grant.account_quota)


def _month(grant: Grant) -> date:
    return month_of(grant.quota_resets_at - timedelta(seconds=1))


def _is_in_blocks(grant: Grant) -> bool:
    return grant.quota is not None and not grant.unlimited


def _portions(places: Sequence[Place]) -> list[Sequence[Place]]:
    return [places[start : start + MONTHS_PER_ROUND] for start in range(0, len(places), MONTHS_PER_ROUND)]
