"""The four layers of an audit, each a rule: what was seen goes in, a finding comes out. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trinity_beast.feeds.auditing.model import Answered, Finding, Layer, Outcome
from trinity_beast.feeds.model import FeedState, FeedStatus, MappedAsset, SymbolStatus
from trinity_beast.feeds.moment import SECOND_NS
from trinity_beast.feeds.rest import Look, Product, Products
from trinity_beast.words import Symbol, Trade, Venue

TOLD_CHARACTERS_MAX = 500
DELIVERING = frozenset(["live", "quiet"])
SET_ASIDE = frozenset(["refused", "unanswered"])
REFUSED_ROWS = ("rows_refused_price", "rows_refused_time", "rows_refused_symbol", "trades_future", "frames_unreadable")


@dataclass(frozen=True, slots=True)
class ListSeen:
    """What could be had of a venue's list. `problem` says why there is none; `details` are the markets' own pages looked at."""

    products: Products | None
    problem: str = ""
    details: Mapping[Symbol, Product] | None = None
    details_problem: Mapping[Symbol, str] | None = None

    def product(self, symbol: str) -> Product | None:
        """Return the market of exactly this symbol, by its own page where that was looked at."""
        own = (self.details or {}).get(Symbol(symbol))
        return own or (self.products.get(symbol) if self.products is not None else None)


def listed(row: MappedAsset, seen: ListSeen) -> Finding:
    """Say whether a row's symbol is on its venue's list now, under this name, and traded."""
    if seen.products is None:
        return _found(Layer.LISTED, Outcome.UNPROVEN, "list_away", f"{row.venue}'s list could not be read: {seen.problem}")
    product = seen.product(row.symbol)
    if product is None:
        return _unlisted(row, seen.products)
    if product.alias and product.alias != product.symbol:
        told = f"{row.symbol} is only another name of {product.alias}, under which its trades come"
        return _found(Layer.LISTED, Outcome.FAILED, "alias", told, alias=product.alias)
    if (problem := (seen.details_problem or {}).get(row.symbol)) is not None:
        return _found(Layer.LISTED, Outcome.UNPROVEN, "list_away", f"{row.venue}'s page of {row.symbol} could not be read: {problem}")
    if product.is_alive is False:
        return _found(Layer.LISTED, Outcome.FAILED, "not_tradable", f"{row.venue} still lists {row.symbol} and does not let it be traded")
    return _found(Layer.LISTED, Outcome.PASSED, "")


def _unlisted(row: MappedAsset, products: Products) -> Finding:
    other = products.called(row.symbol)
    if other is not None:
        told = f"{row.venue} calls {row.symbol} {other.symbol} now"
        return _found(Layer.LISTED, Outcome.FAILED, "old_name", told, symbol=other.symbol)
    return _found(Layer.LISTED, Outcome.FAILED, "not_listed", f"{row.venue} does not list {row.symbol}; it lists {len(products)} markets")


def delivers(row: MappedAsset, status: FeedStatus | None, held: Answered, look: Look | None = None) -> Finding:
    """Say whether the feed brings a row's trades. `held` is what the node has of this venue; `look` is asked for where that is unclear.

    A silence is the market's own, and no fault, where the venue says that nothing was traded since.
    """
    if not row.prewarm:
        return _found(Layer.DELIVERS, Outcome.SKIPPED, "not_held", "no feed holds it; it is fetched when it is asked for")
    if status is None or status.state is FeedState.OFF:
        return _found(Layer.DELIVERS, Outcome.FAILED, "feed_off", f"the feed of {row.venue} is off on this node")
    symbol = next((one for one in status.symbols if one.symbol == row.symbol), None)
    if symbol is not None and symbol.standing in SET_ASIDE:
        told = f"{row.venue} refused {row.symbol}" if symbol.standing == "refused" else f"{row.venue} never answered for {row.symbol}"
        return _found(Layer.DELIVERS, Outcome.FAILED, symbol.standing, told, venue_says=symbol.told)
    if status.state in {FeedState.WAITING, FeedState.CONNECTING}:
        told = f"the feed of {row.venue} is not connected"
        return _found(Layer.DELIVERS, Outcome.FAILED, "feed_away", told, last_error=status.last_error)
    if symbol is None or symbol.standing != "held":
        return _found(Layer.DELIVERS, Outcome.UNPROVEN, "asked", f"{row.venue} has not answered for {row.symbol} yet")
    return _of_silence(row, status, symbol, held, look)


def needs_look(finding: Finding) -> bool:
    """Return whether a look by REST would tell more."""
    return finding.layer is Layer.DELIVERS and finding.reason == "silent"


def _of_silence(row: MappedAsset, status: FeedStatus, symbol: SymbolStatus, held: Answered, look: Look | None) -> Finding:
    dropped = {name: str(status.counts[name]) for name in REFUSED_ROWS if status.counts.get(name)}
    if held.is_usable and held.state in DELIVERING and (held.state == "quiet" or not held.is_lent):
        return _found(Layer.DELIVERS, Outcome.PASSED, "", state=held.state)
    if held.is_usable and held.state == "halted":
        return _found(Layer.DELIVERS, Outcome.UNPROVEN, "halted", f"{row.venue} has halted {row.symbol}: there are no trades to bring")
    if held.is_usable and held.is_lent:
        told = f"this node's feed of {row.venue} does not bring {row.symbol}; what another node hears is told in its place"
        return _found(Layer.DELIVERS, Outcome.FAILED, "lent", told, state=held.state, **dropped)
    if held.is_usable:
        return _muted(row, state=held.state, **dropped)
    if look is None or look.trade is None:
        told = f"nothing usable of {row.symbol} came from {row.venue}"
        problem = {"look": look.problem} if look is not None else {}
        return _found(Layer.DELIVERS, Outcome.FAILED, "silent", told, code=held.code, **problem, **dropped)
    return _muted(row, **dropped) if _is_owed(look.trade, symbol, status) else _quiet(row)


def _muted(row: MappedAsset, **evidence: str) -> Finding:
    told = f"{row.venue}'s socket keeps trades of {row.symbol} from us: REST tells newer ones"
    return _found(Layer.DELIVERS, Outcome.FAILED, "muted", told, **evidence)


def _quiet(row: MappedAsset) -> Finding:
    told = f"nothing was traded in {row.symbol} at {row.venue} of late"
    return _found(Layer.DELIVERS, Outcome.UNPROVEN, "quiet", told)


def _is_owed(told: Trade, symbol: SymbolStatus, status: FeedStatus) -> bool:
    """Return whether the socket should have brought the trade REST tells: it is newer than its last one, or than the connection."""
    if symbol.last_trade_ns is not None:
        return told.exchange_time_ns > symbol.last_trade_ns
    return told.received_time_ns - told.exchange_time_ns < round((status.connected_seconds or 0.0) * SECOND_NS)


@dataclass(frozen=True, slots=True)
class Told:
    """A price somebody else tells: a venue's REST, another venue."""

    venue: Venue
    price: str


def agrees(row: MappedAsset, own: str | None, rest: str | None, others: Sequence[Told], *, percent: float) -> Finding:
    """Say whether the price read from a row's feed is what the venue's own REST tells, and near what any other venue tells.

    `own` is what the socket told last; where no feed holds the row, REST speaks for it. One venue that is near is enough:
    where others fall together, whoever is with them is right.
    """
    if own is not None and rest is not None and (differs := differs_percent(own, rest)) > percent:
        told = f"{row.venue}'s socket tells {own} for {row.symbol} and its REST {rest}, {differs:.1f} % apart"
        return _found(Layer.AGREES, Outcome.FAILED, "drifts_from_rest", told, socket=own, rest=rest, differs_percent=f"{differs:.3f}")
    price = own if own is not None else rest
    if price is None:
        return _found(Layer.AGREES, Outcome.UNPROVEN, "no_price", f"no price of {row.symbol} at {row.venue} is known to compare")
    if others:
        nearest = min(others, key=lambda told: differs_percent(price, told.price))
        differs = differs_percent(price, nearest.price)
        evidence = {"price": price, "nearest": nearest.price, "nearest_venue": str(nearest.venue), "differs_percent": f"{differs:.3f}"}
        if differs > percent:
            told = f"{row.symbol} costs {price} at {row.venue} and {nearest.price} at {nearest.venue}, {differs:.1f} % apart"
            return _found(Layer.AGREES, Outcome.FAILED, "drifts_from_venues", told, **evidence)
        return _found(Layer.AGREES, Outcome.PASSED, "", **evidence)
    if own is None or rest is None:
        return _found(Layer.AGREES, Outcome.UNPROVEN, "nothing_to_compare", f"nobody else tells a price of {row.asset}")
    return _found(Layer.AGREES, Outcome.PASSED, "", socket=own, rest=rest, differs_percent=f"{differs_percent(own, rest):.3f}")


def differs_percent(one: str, other: str) -> float:
    """Return how far the larger of two prices is above the smaller, in percent: a fall and a rise are measured alike."""
    low, high = sorted((Decimal(one), Decimal(other)))
    return float((high - low) / low * 100)


def answers(row: MappedAsset, answered: Answered) -> Finding:
    """Say whether a request for the asset is answered."""
    if answered.is_usable:
        evidence = {"venue": answered.venue, "state": answered.state, "price": answered.price}
        return _found(Layer.ANSWERS, Outcome.PASSED, "", **evidence)
    told = f"whoever asks for {row.asset} is refused with {answered.code}"
    age = {} if answered.age_seconds is None else {"age_seconds": f"{answered.age_seconds:.1f}"}
    return _found(Layer.ANSWERS, Outcome.FAILED, "no_answer", told, code=answered.code, **age)


def _found(layer: Layer, outcome: Outcome, reason: str, told: str = "", **evidence: str) -> Finding:
    return Finding(layer, outcome, reason, printable(told), {name: printable(value) for name, value in evidence.items() if value})


def printable(text: str) -> str:
    """Return a text that may hold a venue's own words as it can be stored and shown."""
    return "".join(character if character.isprintable() else "?" for character in text[:TOLD_CHARACTERS_MAX])
