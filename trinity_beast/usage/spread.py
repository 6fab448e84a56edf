"""How this node's served answers spread over assets and sources, counted as they are stored. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping


class Spread:
    """Counts since the start. A file of usage is counted once, when all of it is stored."""

    def __init__(self) -> None:
        self._assets, self._sources = Counter[str](), Counter[str]()

    def add(self, batches: Iterable[tuple[Mapping[str, int], Mapping[str, int]]]) -> None:
        """Count what each of a file's batches tells, by asset and by source tag."""
        for assets, sources in batches:
            self._assets.update(assets)
            self._sources.update(sources)

    def by_asset(self) -> Mapping[str, int]:
        """Return served answers by asset, the first of several."""
        return dict(self._assets)

    def by_source(self) -> Mapping[str, int]:
        """Return served answers by the source tag of the first price."""
        return dict(self._sources)
