"""What is wrong with REST rules, or with a row of the map, by what the venue's REST told when it was looked at."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal

from trinity_beast.feeds.moment import SECOND_NS
from trinity_beast.feeds.rest import Look
from trinity_beast.feeds.trying.model import Flaw, FlawKind, Known
from trinity_beast.feeds.trying.verdict import Bounds

AWAY = frozenset(["late", "unreachable", "limited", "paused", "crowded", "statuses"])
"""Why a look came to nothing that speaks neither for nor against what is tried: the venue is away, or wants to be left alone."""
COLUMN = "rest_rules"


@dataclass(frozen=True, slots=True)
class Looked:
    """One symbol looked at: what REST told, what else is known of the same thing, and in what the venue's list says it is priced."""

    symbol: str
    look: Look
    known: Known | None
    listed_quote: str = ""

    @property
    def reason(self) -> str:
        """Return why it came to nothing, as one word; nothing where it did not."""
        return self.look.problem.partition(":")[0]

    @property
    def is_away(self) -> bool:
        """Return whether nothing could be learned."""
        return self.reason in AWAY


def rest_flaws(looked: Sequence[Looked], bounds: Bounds) -> list[Flaw]:
    """Return everything wrong with REST rules that were looked through."""
    judged = [each for each in looked if not each.is_away]
    if looked and not judged:
        told = f"the venue's REST gave no answer: {looked[0].look.problem}"
        return [Flaw(FlawKind.REST_AWAY, COLUMN, told, {"symbol": looked[0].symbol, "problem": looked[0].look.problem})]
    flaws = [flaw for each in judged for flaw in (*_unreadable(each), *_elsewhere(each, bounds), *_behind(each, bounds))]
    untraded = [each for each in judged if each.reason == "not_traded"]
    # One dead symbol is no fault of the rules, unless its own feed hears it trade.
    blamed = [each for each in untraded if len(untraded) == len(judged) or _is_own(each)]
    return flaws + [_not_traded(each, f"{COLUMN}.symbols") for each in blamed]


def map_flaws(each: Looked, quote: str, quotes: Set[str], bounds: Bounds) -> list[Flaw]:
    """Return what is wrong with a row of the map whose symbol was looked at. `quotes` are those that any row prices in."""
    if each.is_away:
        return []
    if each.reason == "not_traded":
        return [_not_traded(each, "symbol")]
    # A venue may spell a quote its own way; one that is another quote of ours is meant.
    if each.listed_quote != quote and each.listed_quote in quotes:
        told = f"{each.symbol} is priced in {each.listed_quote} and not in {quote}"
        return [Flaw(FlawKind.QUOTE_OTHER, "quote", told, {"symbol": each.symbol, "quote": quote, "listed_quote": each.listed_quote})]
    return [_blamed(flaw, "symbol") for flaw in _elsewhere(each, bounds)]


def _unreadable(each: Looked) -> Iterator[Flaw]:
    if each.reason and each.reason != "not_traded":
        kind = FlawKind.TIME_AHEAD if each.reason == "future" else FlawKind.REST_UNREADABLE
        yield Flaw(
            kind,
            COLUMN,
            f"of {each.symbol} nothing could be read: {each.look.problem}",
            {"symbol": each.symbol, "problem": each.look.problem},
        )


def _elsewhere(each: Looked, bounds: Bounds) -> Iterator[Flaw]:
    trade, known = each.look.trade, each.known
    if trade is None or known is None:
        return
    most = bounds.percent_max if known.venue == trade.venue else bounds.percent_max_elsewhere
    differs = float(abs(Decimal(trade.price) / Decimal(known.price) - 1) * 100)
    if differs > most:
        told = f"{each.symbol} would be {trade.price} by REST, while {known.venue} has {known.price}"
        evidence = {
            "symbol": each.symbol, "price": trade.price, "known_price": known.price, "known_venue": known.venue,
            "known_symbol": known.symbol, "differs_percent": round(differs, 4), "percent_max": most,
        }  # fmt: skip
        yield Flaw(FlawKind.PRICE_ELSEWHERE, f"{COLUMN}.price", told, evidence)


def _behind(each: Looked, bounds: Bounds) -> Iterator[Flaw]:
    trade, known = each.look.trade, each.known
    if trade is None or known is None or known.venue != trade.venue:
        return
    behind = (known.exchange_time_ns - trade.exchange_time_ns) / SECOND_NS
    if behind > bounds.lag_seconds_max:
        told = f"the last trade of {each.symbol} by REST is {behind:.1f} s behind what the running feed has"
        yield Flaw(FlawKind.TIME_BEHIND, f"{COLUMN}.price", told, {"symbol": each.symbol, "behind_seconds": round(behind, 3)})


def _not_traded(each: Looked, column: str) -> Flaw:
    told = f"the venue's list does not have {each.symbol} among what is traded or halted"
    return Flaw(FlawKind.NOT_LISTED, column, told, {"symbol": each.symbol})


def _is_own(each: Looked) -> bool:
    return each.known is not None and each.known.venue == each.look.venue


def _blamed(flaw: Flaw, column: str) -> Flaw:
    return Flaw(flaw.kind, column, flaw.told, flaw.evidence, flaw.fix)
