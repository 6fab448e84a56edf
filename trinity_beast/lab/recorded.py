"""A market played from a recording, its times moved to now; at its end it begins again, and time goes on."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trinity_beast.lab.errors import RecordingUnusable
from trinity_beast.lab.market import ListingOf, RecordedTrades, RecordingReader
from trinity_beast.lab.model import SECOND_NS, Listing, MarketTrade, Print
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

FRAMES, TIMES = ".recv.jsonl.gz", ".recv-times.txt.gz"
GAP_NS = SECOND_NS
"""Between the last frame of a recording and the first of its next round."""


@dataclass(frozen=True, slots=True)
class _Reel:
    """One venue's recording: history first, then what was live, each with the moment it was told by the venue's clock."""

    venue: Venue
    history: tuple[MarketTrade, ...]
    live: tuple[tuple[int, RecordedTrades], ...]

    @property
    def begins_ns(self) -> int:
        return self.live[0][0]

    @property
    def length_ns(self) -> int:
        return self.live[-1][0] - self.live[0][0] + GAP_NS

    def ids(self) -> Iterator[int]:
        yield from (trade.trade_id for trade in self.history)
        yield from (trade.trade_id for _, told in self.live for trade in told.trades)


def load(folder: Path, readers: Mapping[Venue, RecordingReader]) -> list[_Reel]:
    """Read every known venue's recording under `folder`: `folder` is a venue's own (`…/coinbase`), or holds such folders.

    A venue with several recordings gives the one with most live trades.

    Raises:
        RecordingUnusable: there is nothing to play.
    """
    if not folder.is_dir():
        raise RecordingUnusable(folder=str(folder), reason="there is no such folder")
    reels = []
    for venue, reader in readers.items():
        place = folder if folder.name == venue else folder / venue
        found = [_read(venue, path, reader) for path in sorted(place.glob(f"*{FRAMES}"))]
        reels += sorted((reel for reel in found if reel.live), key=lambda reel: len(reel.live))[-1:]
    if not reels:
        raise RecordingUnusable(folder=str(folder), reason=f"no *{FRAMES} with live trades of {', '.join(readers)}")
    return reels


def _read(venue: Venue, path: Path, reader: RecordingReader) -> _Reel:
    times_path = path.with_name(path.name.removesuffix(FRAMES) + TIMES)
    try:
        with gzip.open(path, "rt", encoding="utf-8") as frames:
            told = [(number, trades) for number, frame in enumerate(frames) for trades in reader(frame)]
        times = _times(times_path) if times_path.exists() else {}
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise RecordingUnusable(folder=str(path), reason=f"unreadable: {error}") from error
    history = [trade for _, trades in told if trades.is_history for trade in trades.trades]
    live = [(times.get(number, trades.trades[-1].time_ns), trades) for number, trades in told if not trades.is_history]
    return _Reel(venue, tuple(history), _by_venue_clock(live))


def _times(path: Path) -> dict[int, int]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {number: _time_ns(line.split("\t", 1)[0].strip()) for number, line in enumerate(lines)}


def _time_ns(text: str) -> int:
    if text.endswith(" ns"):
        return int(text.removesuffix(" ns"))
    second, _, fraction = text.partition(".")
    return int(second) * SECOND_NS + int(fraction[:9].ljust(9, "0"))


def _by_venue_clock(live: Sequence[tuple[int, RecordedTrades]]) -> tuple[tuple[int, RecordedTrades], ...]:
    """Move the recorder's times onto the venue's clock, by the frame that came soonest after its newest trade."""
    if not live:
        return ()
    soonest_ns = min(told_ns - trades.trades[-1].time_ns for told_ns, trades in live)
    return tuple((told_ns - soonest_ns, trades) for told_ns, trades in sorted(live, key=lambda pair: pair[0]))


class RecordedMarket:
    """Recordings played side by side, each round after round. Keeps `Market`.

    Every time of a recording is moved by the same amount, so that its first live frame comes as the market begins.
    Each further round moves times and trade ids on, so that neither is ever seen again.
    """

    is_batched = True

    def __init__(self, reels: Sequence[_Reel], listing_of: Mapping[Venue, ListingOf], *, history_seconds: float = 300) -> None:
        self._players = [_Player(reel, listing_of[reel.venue], history_seconds) for reel in reels]

    @property
    def listings(self) -> Mapping[Venue, Sequence[Listing]]:
        """What each venue lists: the symbols that occur in its recording."""
        return {player.venue: [tape.listing for tape in player.tapes.values()] for player in self._players}

    def begin(self, now_ns: int) -> None:
        """Start at `now_ns`, with the trades the recording calls history before it."""
        for player in self._players:
            player.begin(now_ns)

    def advance(self, now_ns: int) -> list[Print]:
        """Return what was printed since the last call, up to and with `now_ns`, in the order it was printed."""
        printed = [told for player in self._players for told in player.advance(now_ns)]
        return sorted(printed, key=lambda told: told.printed_ns)

    def tape(self, venue: Venue, symbol: Symbol) -> Tape | None:
        """Return what the symbol printed so far, or None when the recording does not have it."""
        return next((player.tapes.get(symbol) for player in self._players if player.venue == venue), None)


class _Player:
    """Plays one reel."""

    def __init__(self, reel: _Reel, listing_of: ListingOf, history_seconds: float) -> None:
        self.venue, self._reel = reel.venue, reel
        self.tapes = {symbol: Tape(listing, history_seconds=history_seconds) for symbol, listing in _listings(reel, listing_of).items()}
        ids = list(reel.ids())
        self._ids_a_round = max(ids) - min(ids) + 1
        self._next = self._round = self._shift_ns = 0

    def begin(self, now_ns: int) -> None:
        self._shift_ns = now_ns - self._reel.begins_ns
        for trade in sorted(self._reel.history, key=lambda trade: (trade.time_ns, trade.trade_id)):
            self.tapes[trade.symbol].add(replace(trade, time_ns=trade.time_ns + self._shift_ns))

    def advance(self, now_ns: int) -> Iterator[Print]:
        live = self._reel.live
        while live[self._next][0] + self._shift_ns <= now_ns:
            told_ns, told = live[self._next]
            yield from self._print(told, told_ns + self._shift_ns)
            self._next += 1
            if self._next == len(live):
                self._next, self._round = 0, self._round + 1
                self._shift_ns += self._reel.length_ns

    def _print(self, told: RecordedTrades, printed_ns: int) -> Iterator[Print]:
        ids = self._round * self._ids_a_round
        tape = self.tapes[told.symbol]
        ids += tape.extra_ids
        moved = tuple(replace(trade, time_ns=trade.time_ns + self._shift_ns, trade_id=trade.trade_id + ids) for trade in told.trades)
        if tape.prints(moved):
            yield Print(self.venue, told.symbol, moved, printed_ns)


def _listings(reel: _Reel, listing_of: ListingOf) -> dict[Symbol, Listing]:
    """Make a listing for each recorded symbol; its grid is the finest its recorded numbers stand on."""
    trades = [*reel.history, *(trade for _, told in reel.live for trade in told.trades)]
    found: dict[Symbol, list[MarketTrade]] = {}
    for trade in trades:
        found.setdefault(trade.symbol, []).append(trade)
    return {
        symbol: listing_of(
            symbol,
            of_symbol[0].price,
            max(_decimals(trade.price) for trade in of_symbol),
            max(_decimals(trade.size) for trade in of_symbol),
        )
        for symbol, of_symbol in found.items()
    }


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])
