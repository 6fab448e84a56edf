"""From what a person types or a program posts to a fault: `mute coinbase BTC-USD for_seconds=30`."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields

from trinity_beast.lab.errors import FaultMisspoken, FaultUnknown
from trinity_beast.lab.faults.away import Drop, ErrorOnSubscribe, Freeze, NeverAnswer, PlannedEnd, Refuse
from trinity_beast.lab.faults.broken import CutFrame, Duplicate, Garbage, Reorder, SkipSequence, Truncate
from trinity_beast.lab.faults.busy import Burst
from trinity_beast.lab.faults.fault import Fault
from trinity_beast.lab.faults.rest import RestRepeats, RestSlow, RestStatus
from trinity_beast.lab.faults.untrue import AckSilent, ClockStep, Delist, FutureTimes, Halt, Mute, Rename, Replay, WrongUnits
from trinity_beast.words import Symbol, Venue

FAULTS: dict[str, type[Fault]] = {
    kind.verb: kind
    for kind in (
        *(Mute, AckSilent, Halt, Delist, Rename, FutureTimes, ClockStep, WrongUnits, Replay),
        *(Garbage, Truncate, CutFrame, Duplicate, Reorder, SkipSequence),
        *(Freeze, Drop, PlannedEnd, Refuse, NeverAnswer, ErrorOnSubscribe),
        Burst,
        *(RestSlow, RestStatus, RestRepeats),
    )
}
"""Every fault by the word that orders it."""

CLEAR = "clear"
LARGEST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Clear:
    """The order that ends faults: all, or one venue's, or those of one symbol there."""

    venue: Venue | None = None
    symbol: Symbol | None = None


def options_of(kind: type[Fault]) -> dict[str, type[object]]:
    """Return a fault's own options and their types."""
    return {option.name: _plain(option.type) for option in fields(kind) if option.init and option.name not in {"venue", "symbol"}}


def _plain(declared: object) -> type[object]:
    return next(kind for kind in (int, float, str) if declared == kind or declared == kind | None)


def parse_fault(words: str) -> Fault | Clear:
    """Read `VERB VENUE [SYMBOL] [option=value …]`, or `clear [VENUE [SYMBOL]]`.

    Raises:
        FaultUnknown: no fault has this verb.
        FaultMisspoken: the verb is known and the rest of the order makes no sense.
    """
    try:
        verb, *rest = shlex.split(words)
    except ValueError as error:
        raise FaultMisspoken(order=words, reason=str(error) or "empty") from error
    named = [word for word in rest if "=" not in word]
    options = dict(word.split("=", 1) for word in rest if "=" in word)
    if len(named) > 2 or (not named and verb != CLEAR):
        raise FaultMisspoken(order=words, reason="expected VERB VENUE [SYMBOL] [option=value …]")
    return fault_from(verb, named[0] if named else None, named[1] if len(named) > 1 else None, options)


def fault_from(verb: str, venue: str | None, symbol: str | None, options: Mapping[str, object]) -> Fault | Clear:
    """Make the fault `verb` names; options may be given as text.

    Raises:
        FaultUnknown: no fault has this verb.
        FaultMisspoken: an option is unknown or has no sensible value, or the fault takes no symbol.
    """
    verb = verb.replace("_", "-")
    if verb == CLEAR:
        return Clear(Venue(venue) if venue else None, Symbol(symbol) if symbol else None)
    kind = FAULTS.get(verb)
    if kind is None:
        raise FaultUnknown(verb=verb, known=", ".join(sorted(FAULTS)))
    if not venue:
        raise FaultMisspoken(order=verb, reason="a venue is missing")
    if symbol and not kind.takes_symbol:
        raise FaultMisspoken(order=verb, reason=f"{verb} concerns the whole connection and takes no symbol")
    known = options_of(kind)
    values: dict[str, object] = {}
    for name, value in options.items():
        if name not in known:
            raise FaultMisspoken(order=verb, reason=f"no option {name}; it takes {', '.join(known)}")
        values[name] = _value(verb, name, value, known[name], least=-LARGEST if name in kind.signed else 0)
    try:
        return kind(Venue(venue), Symbol(symbol) if symbol else None, **values)  # type: ignore[arg-type]  # Checked above.
    except ValueError as error:
        raise FaultMisspoken(order=verb, reason=str(error)) from error


def _value(verb: str, name: str, value: object, kind: type[object], *, least: int) -> object:
    if kind is str:
        return str(value)
    try:
        number = float(str(value)) if kind is float else int(str(value))
    except ValueError as error:
        raise FaultMisspoken(order=verb, reason=f"{name} must be a number, not {value!r}") from error
    if not least <= number <= LARGEST:
        raise FaultMisspoken(order=verb, reason=f"{name} must lie between {least:,} and {LARGEST:,}")
    return number
