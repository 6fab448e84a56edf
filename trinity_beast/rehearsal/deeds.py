"""What the venues did wrong and when: the oracle must know how the lab lied to know what a node could not know. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from trinity_beast.words import Symbol, Venue


@dataclass(slots=True)
class Deed:
    """One fault that was in force at a venue, for one symbol or (None) for all. It lasts until `ended_ns`."""

    verb: str
    venue: Venue
    symbol: Symbol | None
    begun_ns: int
    ended_ns: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)

    def touches(self, symbol: Symbol) -> bool:
        """Return whether it concerned this symbol."""
        return self.symbol is None or self.symbol == symbol

    def was_on(self, from_ns: int, until_ns: int) -> bool:
        """Return whether it was in force at any moment between the two."""
        return self.begun_ns <= until_ns and (self.ended_ns is None or self.ended_ns >= from_ns)


class Deeds:
    """All of them, by venue. One that ended long ago may be forgotten."""

    def __init__(self) -> None:
        self._by_venue: dict[Venue, list[Deed]] = {}

    def begin(self, deed: Deed) -> Deed:
        """Note that a fault has begun."""
        self._by_venue.setdefault(deed.venue, []).append(deed)
        return deed

    def of(self, venue: Venue, verb: str, symbol: Symbol) -> Iterator[Deed]:
        """Yield the deeds of one kind that concerned a symbol, the oldest first."""
        return (deed for deed in self._by_venue.get(venue, ()) if deed.verb == verb and deed.touches(symbol))

    def on(self, venue: Venue, verb: str, symbol: Symbol, *, from_ns: int, until_ns: int) -> Deed | None:
        """Return a deed of one kind that was in force for a symbol at any moment between the two times."""
        return next((deed for deed in self.of(venue, verb, symbol) if deed.was_on(from_ns, until_ns)), None)

    def forget(self, before_ns: int) -> None:
        """Forget what had ended before."""
        for venue, deeds in self._by_venue.items():
            self._by_venue[venue] = [deed for deed in deeds if deed.ended_ns is None or deed.ended_ns >= before_ns]
