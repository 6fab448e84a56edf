"""Which connection holds which symbols, where a venue bounds how many one may hold."""

from collections.abc import Iterable, Sequence

from trinity_beast.words import Symbol


def spread(symbols: Sequence[Symbol], held: Iterable[Sequence[Symbol]], room: int) -> list[list[Symbol]]:
    """Return what each connection is to hold: first those of `held`, in their order and perhaps empty now, then new ones.

    A symbol stays where it is, so that nothing is asked for twice; a new one goes where there is room.
    """
    waiting = dict.fromkeys(symbols)
    shares: list[list[Symbol]] = []
    for share in held:
        kept = [symbol for symbol in share if symbol in waiting][:room]
        for symbol in kept:
            waiting.pop(symbol)
        shares.append(kept)
    fresh = list(waiting)
    for share in shares:
        free = room - len(share)
        share.extend(fresh[:free])
        fresh = fresh[free:]
    return shares + [fresh[start : start + room] for start in range(0, len(fresh), room)]
