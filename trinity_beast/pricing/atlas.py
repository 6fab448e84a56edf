"""The asset map as pricing reads it: from a venue's symbol to assets, from an asset to its venues in order of trust."""

import difflib
from collections.abc import Iterable, Sequence

from trinity_beast.feeds import MappedAsset
from trinity_beast.pricing.errors import AssetUnknown
from trinity_beast.words import Asset, Symbol, Venue

SUGGESTIONS_MAX = 3


class Atlas:
    """One reading of the asset map; a changed map is another atlas. Rows that are switched off do not exist here."""

    def __init__(self, asset_map: Iterable[MappedAsset]) -> None:
        self._by_symbol: dict[tuple[Venue, Symbol], list[MappedAsset]] = {}
        self._by_asset: dict[Asset, list[MappedAsset]] = {}
        self._rivals: dict[tuple[Venue, Symbol], Sequence[tuple[Venue, Symbol]]] = {}
        for mapped in asset_map:
            if mapped.enabled:
                self._by_symbol.setdefault((mapped.venue, mapped.symbol), []).append(mapped)
                self._by_asset.setdefault(mapped.asset, []).append(mapped)
        for rows in self._by_asset.values():
            rows.sort(key=lambda mapped: not mapped.prewarm)  # Stable: the venue that holds it from the start comes first.

    def of_symbol(self, venue: Venue, symbol: Symbol) -> Sequence[MappedAsset]:
        """Return the rows a venue's symbol prices. Two assets may share one: CELO and CGLD."""
        return self._by_symbol.get((venue, symbol), ())

    def rivals(self, venue: Venue, symbol: Symbol) -> Sequence[tuple[Venue, Symbol]]:
        """Return the other markets that price what a venue's symbol prices."""
        found = self._rivals.get((venue, symbol))
        if found is None:
            own = venue, symbol
            rows = (row for mapped in self.of_symbol(*own) for row in self.of_asset(mapped.asset))
            found = self._rivals[own] = [market for row in rows if (market := (row.venue, row.symbol)) != own]
        return found

    def of_asset(self, asset: str) -> Sequence[MappedAsset]:
        """Return an asset's rows, the most trusted venue first."""
        return self._by_asset.get(Asset(asset), ())

    def is_held(self, venue: Venue, symbol: Symbol) -> bool:
        """Return whether a feed holds the symbol from the start, for whichever asset."""
        return any(mapped.prewarm for mapped in self.of_symbol(venue, symbol))

    def is_prewarmed(self, asset: Asset) -> bool:
        """Return whether some venue holds the asset from the start."""
        return any(mapped.prewarm for mapped in self.of_asset(asset))

    @property
    def assets(self) -> list[Asset]:
        """Return every asset there is, in order."""
        return sorted(self._by_asset)

    def unknown(self, asset: str, venue: str | None) -> AssetUnknown:
        """Return the refusal of an asset that has no row (there), with what looks like it."""
        facts: dict[str, object] = {"asset": asset, "suggestions": ", ".join(self.suggestions(asset))}
        return AssetUnknown(**facts) if venue is None else AssetUnknown(**facts, venue=venue)

    def suggestions(self, asset: str) -> list[Asset]:
        """Return the assets that look most like what was asked for: a pair's base first, then near spellings."""
        asked = asset.upper()
        for separator in "-_/:":
            asked = asked.split(separator)[0]
        base = [Asset(asked)] if asked in self._by_asset else []
        near = [Asset(found) for found in difflib.get_close_matches(asked, self.assets, n=SUGGESTIONS_MAX, cutoff=0.6)]
        return list(dict.fromkeys(base + near))[:SUGGESTIONS_MAX]
