"""What is wrong with a row that was connected for a while: its prices and ages against those of feeds that run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.kept_frames import KeptFrame
from trinity_beast.feeds.model import FeedState, FeedStatus
from trinity_beast.feeds.moment import SECOND_NS
from trinity_beast.feeds.trying.model import Flaw, FlawKind, Known, SymbolTried
from trinity_beast.feeds.trying.replay import excerpt, reads_nothing, unreadable
from trinity_beast.words import Symbol, Trade

FAILED_STANDINGS = frozenset(("refused", "unanswered"))


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a tried row may lie from what is known."""

    percent_max: float
    percent_max_elsewhere: float
    lag_seconds_max: float


@dataclass(frozen=True, slots=True)
class Observed:
    """All that was seen of a row while it was connected.

    `history_later` counts the old trades that came well after the first of their symbol: a venue tells its past once, at
    the beginning. `known_before` is what was known when the try began.
    """

    row: FeedRow
    status: FeedStatus
    frames: Sequence[KeptFrame]
    live: Mapping[Symbol, Sequence[Trade]]
    history: Mapping[Symbol, Trade]
    history_later: Mapping[Symbol, int]
    known_before: Mapping[Symbol, Known]
    known: Mapping[Symbol, Known]


def symbols_tried(seen: Observed) -> tuple[SymbolTried, ...]:
    """Return how each symbol fared."""
    return tuple(_tried(seen, status.symbol, status.standing, status.told) for status in seen.status.symbols)


def flaws_of(seen: Observed, tried: Sequence[SymbolTried], bounds: Bounds) -> list[Flaw]:
    """Return everything wrong with a row that was connected, worst first."""
    counts = seen.status.counts
    if not counts.get("connections_opened"):
        told = f"no connection came about: {seen.status.last_error or 'nobody answered in time'}"
        return [Flaw(FlawKind.NOT_REACHED, "endpoint", told, {"endpoint": seen.row.endpoint, "error": seen.status.last_error})]
    flaws = [*unreadable(seen.row, seen.frames), *_refused(seen, tried), *_misread(seen), *_always_old(seen)]
    for each in tried:
        flaws += _compared(seen, each, bounds)
    return flaws or list(_unheard(seen, tried))


def notes_of(seen: Observed, tried: Sequence[SymbolTried]) -> tuple[str, ...]:
    """Return what whoever decides should know although nothing is wrong."""
    failed = [f"{each.symbol} ({each.standing})" for each in tried if each.standing in FAILED_STANDINGS]
    quiet = [str(each.symbol) for each in tried if each.price is None and each.standing not in FAILED_STANDINGS]
    alone = [str(each.symbol) for each in tried if each.price is not None and each.known is None]
    notes = []
    if failed:
        notes.append(f"not given by the venue: {', '.join(failed)}")
    if quiet:
        notes.append(f"not traded while it was tried: {', '.join(quiet)}")
    if alone:
        notes.append(f"nothing to compare with: {', '.join(alone)}")
    if seen.status.counts.get("frames_unreadable"):
        notes.append(f"{seen.status.counts['frames_unreadable']} frames were no JSON")
    return tuple(notes)


def _tried(seen: Observed, symbol: Symbol, standing: str, told: str) -> SymbolTried:
    live, old = seen.live.get(symbol, ()), seen.history.get(symbol)
    last = live[-1] if live else old
    known = seen.known.get(symbol)
    return SymbolTried(
        symbol=symbol,
        standing=standing,
        told=told,
        trades=len(live),
        price=last.price if last else None,
        exchange_time_ns=last.exchange_time_ns if last else None,
        age_seconds=(last.received_time_ns - last.exchange_time_ns) / SECOND_NS if last else None,
        is_history=bool(last) and not live,
        known=known,
        differs_percent=_percent(last.price, known.price) if last and known else None,
    )


def _percent(price: str, other: str) -> float:
    return float(abs(Decimal(price) / Decimal(other) - 1) * 100)


def _refused(seen: Observed, tried: Sequence[SymbolTried]) -> Iterator[Flaw]:
    """Blame the row for symbols that the running feed holds, or when it gets none; one dead symbol is no fault of the row."""
    failed = [each for each in tried if each.standing in FAILED_STANDINGS]
    for each in failed:
        if len(failed) == len(tried) or (each.known is not None and each.known.venue == seen.row.venue):
            said = f': "{each.told}"' if each.told else ""
            yield Flaw(
                FlawKind.SYMBOL_REFUSED, "symbol_template", f"the venue gave no {each.symbol}, {each.standing}{said}",
                {"symbol": each.symbol, "standing": each.standing, "said": each.told},
            )  # fmt: skip


def _misread(seen: Observed) -> Iterator[Flaw]:
    counts = seen.status.counts
    if counts.get("trades_unasked"):
        asked = ", ".join(str(status.symbol) for status in seen.status.symbols[:3])
        told = f"{counts['trades_unasked']} trades name symbols that were not asked for; asked were {asked}"
        frame = excerpt(seen.frames[-1]) if seen.frames else ""
        yield Flaw(FlawKind.SYMBOL_OTHER, "symbol_path", told, {"trades": counts["trades_unasked"], "frame": frame})
    if counts.get("trades_future"):
        told = f"{counts['trades_future']} trades lie ahead of our clock"
        frame = excerpt(seen.frames[-1]) if seen.frames else ""
        yield Flaw(FlawKind.TIME_AHEAD, "time_path", told, {"trades": counts["trades_future"], "frame": frame})


def _always_old(seen: Observed) -> Iterator[Flaw]:
    for symbol, count in seen.history_later.items():
        if count and not seen.live.get(symbol):
            last = seen.history[symbol]
            age = (last.received_time_ns - last.exchange_time_ns) / SECOND_NS
            told = f"trades of {symbol} kept coming, and each claims to be old, the last one {age:.1f} s"
            frame = excerpt(seen.frames[-1]) if seen.frames else ""
            yield Flaw(FlawKind.TIME_BEHIND, "time_path", told, {"symbol": symbol, "age_seconds": round(age, 3), "frame": frame})


def _compared(seen: Observed, tried: SymbolTried, bounds: Bounds) -> Iterator[Flaw]:
    known = tried.known
    if known is None or tried.price is None or tried.exchange_time_ns is None or tried.differs_percent is None:
        return
    own = known.venue == seen.row.venue
    most = bounds.percent_max if own else bounds.percent_max_elsewhere
    evidence = {
        "symbol": tried.symbol, "price": tried.price, "known_price": known.price, "known_venue": known.venue, "known_symbol": known.symbol,
        "differs_percent": round(tried.differs_percent, 4), "percent_max": most,
    }  # fmt: skip
    if tried.differs_percent > most:
        told = f"{tried.symbol} would be {tried.price}, while {known.venue} has {known.price}"
        yield Flaw(FlawKind.PRICE_ELSEWHERE, "price_path", told, evidence)
    behind = (known.exchange_time_ns - tried.exchange_time_ns) / SECOND_NS
    if own and behind > bounds.lag_seconds_max:
        told = f"the newest trade of {tried.symbol} would be {behind:.1f} s behind what the running feed has"
        yield Flaw(FlawKind.TIME_BEHIND, "time_path", told, {**evidence, "behind_seconds": round(behind, 3)})


def _unheard(seen: Observed, tried: Sequence[SymbolTried]) -> Iterator[Flaw]:
    """Judge a row by which nothing came although nothing else is wrong: a quiet market is no flaw, a deaf row is."""
    if any(each.trades for each in tried) or any(_stood_still(seen, each) for each in tried):
        return
    moved = [symbol for symbol, known in seen.known.items() if known.venue == seen.row.venue and known != seen.known_before.get(symbol)]
    proves_life = seen.status.state is FeedState.LIVE
    if proves_life and not moved:
        return
    told = f"no live trade came, while the running feed heard {', '.join(map(str, moved[:3]))} trade" if moved else "no sign of life came"
    counted = {name: seen.status.counts.get(name, 0) for name in ("frames", "frames_unknown", "frames_unreadable", "acks", "heartbeats")}
    deaf = reads_nothing(seen.row, seen.frames)
    frame = excerpt(seen.frames[-1]) if seen.frames else ""
    yield Flaw(FlawKind.NOTHING_HEARD, deaf[0].column if deaf else "time_path", told, {**counted, "frame": frame})


def _stood_still(seen: Observed, tried: SymbolTried) -> bool:
    """Return whether old trades agree with a running feed that heard nothing new either."""
    known = tried.known
    return tried.is_history and known is not None and known.venue == seen.row.venue and known == seen.known_before.get(tried.symbol)
