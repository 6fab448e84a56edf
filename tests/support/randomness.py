"""Randomness a test can foretell."""

import random

from trinity_beast.randomness import BASE62


class SeededSecrets:
    """Keeps `trinity_beast.randomness.SecretSource` with the same values at every run."""

    def __init__(self, seed: int = 7) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - Foretold on purpose.

    def octets(self, count: int) -> bytes:
        return self._dice.randbytes(count)

    def base62(self, count: int) -> str:
        return "".join(self._dice.choices(BASE62, k=count))
