"""A market made up from a seed: the same seed and the same clock give the same trades, digit for digit."""

import heapq
from collections.abc import Mapping, Sequence

from trinity_beast.lab.coins import coin
from trinity_beast.lab.digits import decimal_text, price_text, units_of
from trinity_beast.lab.model import MS_NS, SECOND_NS, Listing, MakerSide, MarketTrade, Print
from trinity_beast.lab.tape import Tape
from trinity_beast.randomness import Dice, dice_from
from trinity_beast.words import Asset, Symbol, Venue

STEP_NS = 250_000_000
FINE_DECIMALS = 15
"""A fair price is an integer of 10^-15 quote units: fine enough for the cheapest coin, exact on every machine."""
PULL_BITS = 18
"""Each step gives back 2^-18 of the way to the level a coin began with, so that a week of walking ends nowhere absurd."""
WARM_UP_NS = 120 * SECOND_NS
PREMIUM_PPM_MOST = 200
"""How far a venue's prices of one asset stand from the fair price, all the time: two hundredths of a percent at most."""
DOLLAR, TETHER = 10**FINE_DECIMALS, Asset("USDT")


class Walk:
    """The fair price of one asset, the same for all venues, moving every quarter of a second."""

    def __init__(self, asset: Asset, start_price: str, volatility_ppm: int, *, seed: str, begin_ns: int) -> None:
        self._dice = dice_from(f"{seed} walk {asset}")
        self._level = units_of(start_price, FINE_DECIMALS)
        self._volatility_ppm = volatility_ppm
        self._fine = self._level
        self._stepped_ns = begin_ns

    def fine_at(self, time_ns: int) -> int:
        """Return the price at `time_ns` in units of 10^-15. Times asked for never go back by more than a step."""
        while self._stepped_ns + STEP_NS <= time_ns:
            self._step()
        return self._fine

    def _step(self) -> None:
        bits = self._dice.getrandbits(32)
        # Four bytes added up are close to a bell: mean 510, deviation 148, and integers, so no machine rounds otherwise.
        bell = (bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24) - 510
        moved = self._fine * self._volatility_ppm * bell // 148_000_000
        self._fine = max(self._fine + moved + ((self._level - self._fine) >> PULL_BITS), 1)
        self._stepped_ns += STEP_NS


class _Stream:
    """The takers' orders of one symbol at one venue. `tether` is the price of its quote, where that is not the dollar."""

    def __init__(self, tape: Tape, walk: Walk, tether: Walk | None, *, seed: str, begin_ns: int) -> None:
        self.tape, self._walk, self._tether = tape, walk, tether
        self.listing = listing = tape.listing
        self._dice: Dice = dice_from(f"{seed} trades {listing.venue} {listing.symbol}")
        self._next_id = self._dice.randrange(10_000_000, 1_000_000_000)
        self._tick_fine = 10 ** (FINE_DECIMALS - listing.price_decimals)
        spread = dice_from(f"{seed} premium {listing.venue} {listing.asset}").randint(-PREMIUM_PPM_MOST, PREMIUM_PPM_MOST)
        self._of_fair_ppm = 1_000_000 + spread
        self.next_ns = begin_ns + self._pause_ns()

    def _pause_ns(self) -> int:
        pause_ns = int(self._dice.expovariate(self.listing.trades_per_second) * SECOND_NS)
        step_ns = self.listing.time_step_ns
        return max(pause_ns // step_ns, 1) * step_ns

    def _fine_at(self, time_ns: int) -> int:
        fine = self._walk.fine_at(time_ns) * self._of_fair_ppm // 1_000_000
        return fine if self._tether is None else fine * DOLLAR // self._tether.fine_at(time_ns)

    def trade(self) -> tuple[MarketTrade, ...]:
        """Return what the order due at `next_ns` traded, and set the time of the one after it."""
        dice, time_ns = self._dice, self.next_ns
        fine = self._fine_at(time_ns)
        buys = dice.random() < 0.5
        # The taker pays the nearest offer; one in five is large enough to take several, some of them a tick further.
        units = max(fine // self._tick_fine, 1) + buys
        fills = 1 if dice.random() < 0.8 else dice.randrange(2, 6)
        trades = []
        for _ in range(fills):
            trades.append(self._fill(units, fine, time_ns, MakerSide.SELL if buys else MakerSide.BUY))
            if dice.random() < 0.3:
                units = max(units + (1 if buys else -1), 1)
        self.next_ns = time_ns + self._pause_ns()
        return tuple(trades)

    def _fill(self, units: int, fine: int, time_ns: int, maker_side: MakerSide) -> MarketTrade:
        listing = self.listing
        cents = int(self._dice.expovariate(1.0) * 20_000) + 1
        size = max(cents * 10 ** (FINE_DECIMALS - 2 + listing.size_decimals) // fine, 1)
        self._next_id += 1
        return MarketTrade(
            symbol=listing.symbol,
            trade_id=self._next_id - 1 + self.tape.extra_ids,
            price=price_text(units, listing),
            size=decimal_text(size, listing.size_decimals, padded=listing.pads_digits),
            time_ns=time_ns,
            maker_side=maker_side,
        )


class SyntheticMarket:
    """Random walks, one per coin, traded on every venue that lists it. Keeps `Market`.

    A venue's prices stand apart from the fair price by a small premium of its own; prices in USDT by what a USDT costs.
    """

    is_batched = False

    def __init__(self, listings: Mapping[Venue, Sequence[Listing]], *, seed: int, history_seconds: float = 300) -> None:
        self.listings = listings
        self._seed = str(seed)
        self._tapes: dict[tuple[Venue, Symbol], Tape] = {
            (venue, listing.symbol): Tape(listing, history_seconds=history_seconds)
            for venue, of_venue in listings.items()
            for listing in of_venue
        }
        self._due: list[tuple[int, int, _Stream]] = []

    def begin(self, now_ns: int) -> None:
        """Start at `now_ns`, with two minutes of trades before it."""
        begin_ns = (now_ns - WARM_UP_NS) // MS_NS * MS_NS
        walks: dict[Asset, Walk] = {}

        def walk_of(asset: Asset) -> Walk:
            of = coin(asset)
            if of.asset not in walks:
                walks[of.asset] = Walk(of.asset, of.start_price, of.volatility_ppm, seed=self._seed, begin_ns=begin_ns)
            return walks[of.asset]

        living = (tape for tape in self._tapes.values() if not tape.listing.is_delisted)
        for tape in living:
            tether = walk_of(TETHER) if tape.listing.quote == TETHER else None
            stream = _Stream(tape, walk_of(tape.listing.asset), tether, seed=self._seed, begin_ns=begin_ns)
            self._due.append((stream.next_ns, len(self._due), stream))
        heapq.heapify(self._due)
        self.advance(now_ns)

    def advance(self, now_ns: int) -> list[Print]:
        """Return what was printed since the last call, up to and with `now_ns`, in the order it was printed."""
        due, printed = self._due, []
        while due and due[0][0] <= now_ns:
            time_ns, order, stream = due[0]
            trades = stream.trade()
            heapq.heapreplace(due, (stream.next_ns, order, stream))
            listing = stream.listing
            if stream.tape.prints(trades):
                printed.append(Print(listing.venue, listing.symbol, trades, time_ns))
        return printed

    def tape(self, venue: Venue, symbol: Symbol) -> Tape | None:
        """Return what the symbol printed so far, or None when the venue does not list it."""
        return self._tapes.get((venue, symbol))
