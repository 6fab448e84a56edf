"""A market that is known, a node that tells the truth about it, and the oracle that judges what it tells."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from trinity_beast.rehearsal.deeds import Deed, Deeds
from trinity_beast.rehearsal.model import MS_NS, SECOND_NS, Asked, Finding, Lie, Market, Protocol, Told, Unprovable
from trinity_beast.rehearsal.oracle import Oracle
from trinity_beast.rehearsal.promises import SHORTENED, Promises
from trinity_beast.rehearsal.tape import Print, TrueTape
from trinity_beast.words import Asset, Symbol, Venue

NOW_NS = 1_795_160_400 * SECOND_NS
KRAKEN, OKX = Venue("kraken"), Venue("okx")
NEAR = Market(KRAKEN, Symbol("NEAR/USD"), Asset("NEAR"), "USD")
BTC_HERE = Market(KRAKEN, Symbol("BTC/USD"), Asset("BTC"), "USD")
BTC_THERE = Market(OKX, Symbol("BTC-USDT"), Asset("BTC"), "USDT")
PROMISES = Promises.of(SHORTENED)
UNIT_NS = {Protocol.HTTP: 1_000, Protocol.UDP: MS_NS}


@dataclass
class Stage:
    """Tapes to be filled, deeds to be done, and an oracle over both."""

    deeds: Deeds = field(default_factory=Deeds)
    tapes: dict[Market, TrueTape] = field(default_factory=lambda: {market: TrueTape() for market in (NEAR, BTC_HERE, BTC_THERE)})

    def __post_init__(self) -> None:
        self.oracle = Oracle(self.tapes, self.deeds, PROMISES, compared=[Asset("BTC")])

    def trade(self, seconds: float, price: str = "2.50", *, market: Market = NEAR) -> Print:
        """Let a trade happen so many seconds after the beginning."""
        time_ns = at(seconds)
        self.tapes[market].add(time_ns, Decimal(price), known_ns=time_ns)
        return Print(time_ns, Decimal(price), time_ns)

    def do(self, verb: str, seconds: float, *, until: float | None = None, market: Market = NEAR, **options: object) -> None:
        """Let the venue do something wrong from then on, or until a later time."""
        ended_ns = None if until is None else at(until)
        self.deeds.begin(Deed(verb, market.venue, market.symbol, at(seconds), ended_ns, options))

    def lies(self, told: Told) -> set[Lie]:
        """What the oracle finds wrong with a price."""
        return {finding.lie for finding in self.findings(told)}

    def findings(self, told: Told) -> tuple[Finding, ...]:
        return self.oracle.judge(told).findings

    def unprovable(self, told: Told) -> Unprovable | None:
        judgement = self.oracle.judge(told)
        assert judgement.is_true, judgement.findings
        return judgement.unprovable


def at(seconds: float) -> int:
    """So many seconds after the beginning."""
    return NOW_NS + round(seconds * SECOND_NS)


def told(
    trade: Print,
    seconds: float,
    *,
    market: Market = NEAR,
    state: str = "live",
    rest: bool | None = None,
    protocol: Protocol = Protocol.HTTP,
    **changed: object,
) -> Told:
    """What an honest node tells of a trade at a time; `changed` makes a liar of it."""
    is_rest = state == "rest" if rest is None else rest
    unit_ns = UNIT_NS[protocol]
    step_ns = MS_NS if is_rest else unit_ns
    time_ns = trade.time_ns // step_ns * step_ns
    honest = Told(
        asked=Asked(protocol, at(seconds)),
        heard_ns=at(seconds) + MS_NS,
        asset=market.asset,
        price=str(trade.price),
        quote=market.quote,
        venue=market.venue,
        source=f"lab:{market.venue}-{'rest' if is_rest else 'ws'}",
        state=state,
        exchange_time_ns=time_ns,
        unit_ns=unit_ns,
        age_ms=-(-(at(seconds) - trade.time_ns) // MS_NS),
    )
    return replace(honest, **changed)  # type: ignore[arg-type]  # A test says what it changes.
