"""Who goes through what, and in which order: the matrix cut to the venues and faults wanted. Pure but for the dice handed in."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trinity_beast.randomness import Dice
from trinity_beast.rehearsal.errors import RehearsalUnknown
from trinity_beast.rehearsal.model import Market
from trinity_beast.rehearsal.scenarios import FOR_GOOD, ONE_SYMBOL, WHOLE_VENUE, Scenario
from trinity_beast.words import Asset, Venue

SYMBOLS_AT_ONCE = 8
"""So many symbols of a venue are wrong at the same time while the others must not notice."""
CALM_SECONDS = (1.0, 20.0)
WHOLE_SHARE = 0.7
"""In a soak, the share of steps that concern a whole venue."""
MUTED = 4
"""So many symbols are muted where REST is at fault, for somebody to ask it."""


@dataclass(frozen=True, slots=True)
class VenueStep:
    """A fault of the whole venue; `muted` are the symbols its orders name, if they name any."""

    scenario: Scenario
    muted: tuple[Market, ...]


@dataclass(frozen=True, slots=True)
class SymbolStep:
    """Several faults at once, each of one symbol."""

    faults: tuple[tuple[Scenario, Market], ...]


@dataclass(frozen=True, slots=True)
class CalmStep:
    """Nothing is wrong for a while."""

    seconds: float


Step = VenueStep | SymbolStep | CalmStep


@dataclass(frozen=True, slots=True)
class Lane:
    """What one venue goes through. `markets` are the assets it alone keeps warm and that trade often enough to be watched.

    Without a `count` the steps never end, and none is missed.
    """

    venue: Venue
    markets: Mapping[Asset, Market]
    steps: Iterable[Step]
    count: int | None = None


def chosen(scenarios: Sequence[Scenario], faults: Collection[str]) -> list[Scenario]:
    """Return the scenarios of the faults named; of all where none is.

    Raises:
        RehearsalUnknown: there is no fault of such a name.
    """
    known = {scenario.verb for scenario in (*WHOLE_VENUE, *ONE_SYMBOL)}
    for fault in faults:
        if fault not in known:
            raise RehearsalUnknown(asked=fault, known=", ".join(sorted(known)))
    return [scenario for scenario in scenarios if not faults or scenario.verb in faults]


def lane_of(venue: Venue, markets: Mapping[Asset, Market], quiet: Market, faults: Collection[str], dice: Dice) -> Lane:
    """Return what a venue goes through, in an order of its own, so that the venues are not all wrong in the same way at once.

    `quiet` is the market there that hardly trades.
    """
    whole = chosen(WHOLE_VENUE, faults)
    single = chosen(ONE_SYMBOL, faults)
    dice.shuffle(whole)
    dice.shuffle(single)
    steps: list[Step] = [VenueStep(scenario, tuple(dice.sample(list(markets.values()), min(MUTED, len(markets))))) for scenario in whole]
    for place in range(0, len(single), SYMBOLS_AT_ONCE):
        some = single[place : place + SYMBOLS_AT_ONCE]
        hit = dice.sample(list(markets.values()), min(len(some), len(markets)))
        steps.insert(dice.randrange(len(steps) + 1), SymbolStep(tuple(zip(some, hit, strict=False))))
    if lasting := chosen(FOR_GOOD, faults):
        hit = dice.sample(list(markets.values()), min(len(lasting), len(markets)))
        pairs = [(scenario, quiet if scenario.is_harmless else market) for scenario, market in zip(lasting, hit, strict=False)]
        steps.insert(dice.randrange(len(steps) + 1), SymbolStep(tuple(pairs)))
    return Lane(venue, markets, tuple(steps), len(steps))


def cut(lane: Lane, steps_max: int | None) -> Lane:
    """Return the beginning of a lane."""
    steps = tuple(lane.steps)[:steps_max]
    return Lane(lane.venue, lane.markets, steps, len(steps))


def endless_lane(venue: Venue, markets: Mapping[Asset, Market], dice: Dice) -> Lane:
    """Return a lane that never ends: a fault drawn at random, then calm, and again."""
    return Lane(venue, markets, _drawn(markets, dice))


def _drawn(markets: Mapping[Asset, Market], dice: Dice) -> Iterator[Step]:
    while True:
        yield CalmStep(dice.uniform(*CALM_SECONDS))
        if dice.random() < WHOLE_SHARE:
            yield VenueStep(dice.choice(WHOLE_VENUE), tuple(dice.sample(list(markets.values()), min(MUTED, len(markets)))))
        else:
            some = dice.sample(ONE_SYMBOL, dice.randint(1, SYMBOLS_AT_ONCE))
            hit = dice.sample(list(markets.values()), min(len(some), len(markets)))
            yield SymbolStep(tuple(zip(some, hit, strict=False)))
