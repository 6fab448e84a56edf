"""Looking through changed REST rules, or at a changed map's symbols, within the venue's budget, before they are used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trinity_beast.feeds.grammar import FeedRow, RowInvalid, parse_row, rendered
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.rest import Looks, RestReader
from trinity_beast.feeds.trying.known import Heard, known_elsewhere, known_of
from trinity_beast.feeds.trying.looked import Looked, map_flaws, rest_flaws
from trinity_beast.feeds.trying.model import Flaw, Known
from trinity_beast.feeds.trying.parameters import TRY_LAG_SECONDS_MAX, TRY_PERCENT_MAX, TRY_PERCENT_MAX_ELSEWHERE
from trinity_beast.feeds.trying.verdict import Bounds
from trinity_beast.parameters import Readings
from trinity_beast.words import Symbol, Venue

SYMBOLS_MAX = 3
"""How many symbols changed rules are looked through with: the list, and so many last trades."""
ROWS_MAX = 20
"""How many rows of one venue are looked at in one batch of the map."""


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """What came of looking through REST rules."""

    looked: tuple[Looked, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    notes: tuple[str, ...] = ()


class RestTrial:
    """Tries REST rules and rows of the map. `readdressed` moves a row to where this node's market is."""

    def __init__(
        self,
        looks: Looks,
        readdressed: Callable[[Mapping[str, object]], Mapping[str, object]],
        heard: Heard,
        *,
        readings: Readings,
    ) -> None:
        self._looks, self._readdressed, self._heard = looks, readdressed, heard
        self._lag = readings.of(TRY_LAG_SECONDS_MAX)
        self._percent, self._percent_elsewhere = readings.of(TRY_PERCENT_MAX), readings.of(TRY_PERCENT_MAX_ELSEWHERE)

    async def rules(self, row: FeedRow, asset_map: Sequence[MappedAsset]) -> LookedThrough:
        """Look at some symbols by a row's REST rules, and compare with what feeds that run have heard."""
        reader = RestReader(parse_row(self._readdressed(rendered(row))))
        if not reader.can_look:
            return LookedThrough(notes=("by its REST rules no last trade with its time can be seen: silence cannot be proven",))
        held = list(dict.fromkeys(each.symbol for each in asset_map if each.venue == row.venue and each.enabled and each.prewarm))
        known = {symbol: known_of(self._heard, row.venue, symbol, asset_map) for symbol in held}
        chosen = sorted(held, key=lambda symbol: -_time_ns(known[symbol]))[:SYMBOLS_MAX]
        looked = tuple([await self._look(reader, symbol, known[symbol]) for symbol in chosen])
        notes = [f"by REST not traded: {each.symbol}" for each in looked if each.reason == "not_traded"]
        return LookedThrough(looked, tuple(rest_flaws(looked, self._bounds())), tuple(notes))

    async def map_rows(
        self, rows: Sequence[tuple[int, MappedAsset]], feeds: Sequence[Mapping[str, object]], asset_map: Sequence[MappedAsset]
    ) -> list[tuple[int, Flaw]]:
        """Return what speaks against rows of the map, by their index in the batch: no such market, a dead one, another quote or coin.

        Where a venue's REST is away or cannot tell, nothing speaks against its rows.
        """
        readers, wanted = self._readers(feeds), {(row.asset, row.venue) for _, row in rows}
        others = [each for each in asset_map if (each.asset, each.venue) not in wanted]
        quotes = {each.quote for each in [*asset_map, *(row for _, row in rows)]}
        found, asked = [], dict.fromkeys(readers, 0)
        for index, row in rows:
            reader = readers.get(row.venue)
            if reader is None or asked[row.venue] >= ROWS_MAX:
                continue
            asked[row.venue] += 1
            # A market that is held for another asset agrees with itself: what counts is what others pay for this one.
            known = known_elsewhere(self._heard, row.venue, row.symbol, [*others, row])
            looked = await self._look(reader, row.symbol, known)
            found += [(index, flaw) for flaw in map_flaws(looked, row.quote, quotes, self._bounds())]
        return found

    async def _look(self, reader: RestReader, symbol: Symbol, known: Known | None) -> Looked:
        return Looked(symbol, await self._looks.tried(reader, symbol), known, reader.quote_of(symbol))

    def _readers(self, feeds: Sequence[Mapping[str, object]]) -> dict[Venue, RestReader]:
        readers = {}
        for values in feeds:
            try:
                reader = RestReader(parse_row(self._readdressed(values)))
            except RowInvalid:
                continue
            if reader.can_look:
                readers[reader.row.venue] = reader
        return readers

    def _bounds(self) -> Bounds:
        return Bounds(self._percent.value, self._percent_elsewhere.value, self._lag.value)


def _time_ns(known: Known | None) -> int:
    return known.exchange_time_ns if known is not None else 0
