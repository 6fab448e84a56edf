"""The stand-in venues of `beast-venues`, and the symbols they print: six venues, each with its share."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import RunBroken
from bench.machine import pinned
from bench.supplies import VENUES
from trinity_beast.feeds import MappedAsset
from trinity_beast.words import Asset, Symbol, Venue

SPELLINGS = {
    "coinbase": "{}-USD",
    "gemini": "{}USD",
    "kraken": "{}/USD",
    "gateio": "{}_USD",
    "cryptocom": "{}_USD",
    "okx": "{}-USD",
}
SHARED = {"BTC": 97_000, "ETH": 3_100, "SOL": 140}
"""On every venue, so that the order of trust and the other venues' prices have something to do."""
PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """One symbol of a venue, and the price it begins at."""

    venue: str
    asset: str
    price: int

    @property
    def symbol(self) -> str:
        """As the venue spells it."""
        symbol = SPELLINGS[self.venue].format(self.asset)
        return symbol.lower() if self.venue == "gemini" else symbol


def listed(count: int) -> list[Listed]:
    """Return `count` symbols spread over the venues; the great coins are on all of them, every other asset on one."""
    shares = [count // len(SPELLINGS) + (place < count % len(SPELLINGS)) for place in range(len(SPELLINGS))]
    found = []
    for venue, share in zip(SPELLINGS, shares, strict=True):
        found += [Listed(venue, asset, price) for asset, price in SHARED.items()]
        found += [Listed(venue, f"{venue[:4].upper()}{number}", 1 + number * 37 % 5_000) for number in range(share - len(SHARED))]
    return found


def asset_map(symbols: Sequence[Listed]) -> list[MappedAsset]:
    """Return the map that holds all of them from the start."""
    return [MappedAsset(Asset(one.asset), Venue(one.venue), Symbol(one.symbol), "USD") for one in symbols]


class Street:
    """The running stand-ins."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        if process.stdin is None or process.stdout is None:
            raise RunBroken("the venues are told what to do through pipes")
        self._orders, self._answers, self.pid = process.stdin, process.stdout, process.pid
        self.ports: dict[str, int] = self._heard()

    def go(self, rate: float = 0) -> dict[str, Any]:
        """Print from now on, so many frames a second over all venues, or as many as are taken; return what was printed before."""
        return self._ask(f"go {rate:g}")

    def still(self) -> dict[str, Any]:
        """Print no more; return what was printed in all."""
        return self._ask("still")

    def _ask(self, order: str) -> dict[str, Any]:
        self._orders.write(order + "\n")
        self._orders.flush()
        return self._heard()

    def _heard(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise RunBroken("the stand-in venues left; their own words are above")
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def street(core: int, symbols: Sequence[Listed]) -> Iterator[Street]:
    """Run the stand-in venues on one processor."""
    with tempfile.NamedTemporaryFile("w", prefix="beast-bench-", suffix=".plan") as plan:
        plan.writelines(f"{one.venue} {one.symbol} {one.price}\n" for one in symbols)
        plan.flush()
        words = pinned(core, str(VENUES), plan.name)
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(plan.name).parent)
        try:
            yield Street(process)
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE_SECONDS)
