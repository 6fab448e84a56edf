"""The price side of a node alone: feeds, prices, watch and engine, fed by stand-in venues on this machine.

    python -m bench.intake_node --ports '{"okx":40001}' --symbols 150 --reader engine

The readers: `engine` (as the product runs), `python` (the same without the engine's intake), `discard` (picows takes every
frame and nobody reads it). It takes orders as words on stdin, each answered by one line of JSON: `count`, `held`, `prices`,
`delays`, `stop`. The end of stdin is a stop.
"""

import argparse
import asyncio
import gc
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSTransport, ws_connect

from bench.street import asset_map, listed
from trinity_beast.clock import SystemClock
from trinity_beast.engine import Book, Clock, Engine, Inlet, Intake, Limits
from trinity_beast.feeds import FeedRow, Feeds, HttpOpener, Looks, MappedAsset, parse_row
from trinity_beast.parameters import Readings
from trinity_beast.parts import Part
from trinity_beast.pricing import Catching, Prices, Watch
from trinity_beast.priority import give_way
from trinity_beast.randomness import dice_from
from trinity_beast.words import Trade

SEED = Path(__file__).resolve().parents[1] / "migrations" / "versions" / "0002_exchange_feeds.json"
ID = re.compile(rb'"(?:trade_id|tradeId|t|d|id)":"?([0-9]{13,})')
"""The stand-ins write the time a frame left, by the clock that engine and Python reckon with, as the id of its trade."""
MESSAGES_PER_SECOND = 500.0
CLOCK = SystemClock()


def rows(ports: dict[str, int]) -> list[FeedRow]:
    """Return the product's own rows, speaking to the stand-ins, which let themselves be asked as fast as we like."""
    found = []
    for values in json.loads(SEED.read_text(encoding="utf-8")):
        if values["venue"] in ports:
            row = parse_row(values | {"enabled": True}).at(f"ws://127.0.0.1:{ports[values['venue']]}/")
            rules = replace(row.control_rules, ack=None)  # No request is answered: that trades come is answer enough.
            rules = replace(rules, messages_per_second=MESSAGES_PER_SECOND, requests_per_hour=None, symbols_per_connection=None)
            found.append(replace(row, control_rules=rules))
    return found


class Discarding:
    """Takes frames and reads nothing: what the socket and picows cost by themselves."""

    def __init__(self, ports: dict[str, int], symbols: int) -> None:
        self._ports, self._symbols, self._frames = ports, symbols, 0
        self._transports: list[WSTransport] = []

    async def start(self) -> None:
        """Connect."""
        for port in self._ports.values():
            transport, _ = await ws_connect(self._listener, f"ws://127.0.0.1:{port}/")
            self._transports.append(transport)

    def count(self) -> dict[str, int]:
        """Return the frames so far."""
        return {"frames": self._frames, "trades": 0, "by_engine": 0}

    def held(self) -> int:
        """Return the symbols: nobody is asked."""
        return self._symbols

    def _listener(self) -> WSListener:
        taking = self

        class Counting(WSListener):
            def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: ARG002
                taking._frames += 1

        return Counting()


class Delays:
    """How long each frame took from leaving the stand-in to being answerable."""

    def __init__(self) -> None:
        self._found: list[int] = []
        self._pending = b""
        self.by_engine = 0

    def inlet(self, inlet: Inlet) -> "TimedInlet":
        """Return an inlet that notes when each frame is taken, or that it is Python's."""
        return TimedInlet(inlet, self)

    def taken(self, payload: bytes) -> None:
        """Note that the trades of a frame are answerable now."""
        now_ns = CLOCK.monotonic_ns()
        if (left := ID.search(payload)) is not None:
            self._found.append(now_ns - int(left[1]))

    def declined(self, payload: bytes) -> None:
        """Note that Python reads a frame."""
        self._pending = payload

    def served(self) -> None:
        """Note that Python has published the trades of the frame it reads."""
        self.taken(self._pending)

    def told(self) -> dict[str, float]:
        """Return percentiles in microseconds, and start anew."""
        found, self._found = sorted(self._found), []
        if not found:
            return {"count": 0}
        at = {name: found[min(len(found) - 1, int(len(found) * share))] / 1000 for name, share in SHARES.items()}
        return {"count": len(found), **at, "most": found[-1] / 1000}


SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}


class TimedInlet:
    """An inlet whose frames are timed. Keeps `feeds.intake.Inlet`."""

    def __init__(self, inlet: Inlet, delays: Delays) -> None:
        self._inlet, self._delays = inlet, delays
        self.hold, self.release, self.set_ahead = inlet.hold, inlet.release, inlet.set_ahead
        self.tally, self.close = inlet.tally, inlet.close

    @property
    def sequence(self) -> int | None:
        return self._inlet.sequence

    @sequence.setter
    def sequence(self, value: int | None) -> None:
        self._inlet.sequence = value

    def take(self, payload: bytes) -> bool:
        if self._inlet.take(payload):
            self._delays.taken(payload)
            return True
        self._delays.declined(payload)
        return False


class TimedIntake:
    """An intake whose inlets are timed. Keeps `feeds.intake.Intake`."""

    def __init__(self, intake: Intake, delays: Delays) -> None:
        self._intake, self._delays = intake, delays
        self.last, self.note, self.forget = intake.last, intake.note, intake.forget

    def inlet(self, venue: str, number: int, program: str) -> TimedInlet | None:
        inlet = self._intake.inlet(venue, number, program)
        return None if inlet is None else self._delays.inlet(inlet)


class Reading:
    """The product's price side, with the engine's intake or without."""

    def __init__(self, ports: dict[str, int], assets: Sequence[MappedAsset], *, by_engine: bool, is_timed: bool) -> None:
        self.engine = _engine()
        self.delays = Delays()
        readings = Readings()
        intake = self.engine.intake if by_engine else None
        looks = Looks((), opener=HttpOpener(), clock=CLOCK)
        self._prices = Prices(self.engine.book, assets, clock=CLOCK, readings=readings, slots=intake)
        self._feeds = Feeds(
            rows(ports),
            assets,
            self._timed if is_timed else self._prices.on_trades,
            clock=CLOCK,
            dice=dice_from("bench"),
            readings=readings,
            intake=TimedIntake(intake, self.delays) if intake is not None and is_timed else intake,
        )
        watch = Watch(self._prices, looks, assets, asked_ns=self._feeds.asked_ns, renew=self._feeds.renew, clock=CLOCK, readings=readings)
        self._parts: list[Part] = [looks, self._feeds, watch, Catching(self._prices, CLOCK)]

    async def start(self) -> None:
        """Connect, and listen for callers as the product does."""
        self.engine.listen_http("127.0.0.1", 0)
        self.engine.start()
        give_way()
        for part in self._parts:
            await part.start()

    def count(self) -> dict[str, int]:
        """Return the frames and trades so far; `odd` is what should not have been."""
        counts = [status.counts for status in self._feeds.status()]
        total = {name: sum(each[name] for each in counts) for name in counts[0]}
        odd = sum(amount for name, amount in total.items() if name.startswith(("rows_", "frames_un", "sequence_", "trades_")))
        return {"frames": total["frames"], "trades": total["trades"], "odd": odd} | {f"_{name}": amount for name, amount in total.items()}

    def held(self) -> int:
        """Return how many symbols were asked for."""
        return sum(symbol.standing in {"asked", "held"} for status in self._feeds.status() for symbol in status.symbols)

    def _timed(self, trades: Sequence[Trade]) -> None:
        self._prices.on_trades(trades)
        self.delays.served()


def _engine() -> Engine:
    return Engine(
        node="BeastBench",
        region="bench",
        version="1",
        digest_secret=b"the bench's own secret",
        spool_directory=None,
        threads=1,
        clock=Clock.system(),
        limits=Limits(),
    )


def prices(book: Book) -> dict[str, list[str | None]]:
    """Return what a caller would be told: each asset's venue and price."""
    readings = [reading for asset in book.assets() if (reading := book.read(asset)) is not None]
    return {reading.asset: [reading.venue, reading.price] for reading in readings}


async def serve(options: argparse.Namespace) -> None:
    """Read until told to stop."""
    ports, symbols = json.loads(options.ports), listed(options.symbols)
    reader: Discarding | Reading
    if options.reader == "discard":
        reader = Discarding(ports, len(symbols))
    else:
        reader = Reading(ports, asset_map(symbols), by_engine=options.reader == "engine", is_timed=options.timed)
    await reader.start()
    gc.freeze()  # As a node's own garbage collector would soon find: what was built at the start stays.
    answers: dict[str, Callable[[], Any]] = {"count": reader.count, "held": reader.held}
    if isinstance(reader, Reading):
        book = reader.engine.book
        answers |= {"prices": lambda: prices(book), "delays": reader.delays.told}
    await _obey(answers)


async def _obey(answers: dict[str, Callable[[], Any]]) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def obey() -> None:
        order = sys.stdin.readline().strip()
        if order not in answers:
            loop.remove_reader(sys.stdin)
            over.set()
            return
        _say(answers[order]())

    loop.add_reader(sys.stdin, obey)
    _say("ready")
    await over.wait()


def _say(told: object) -> None:
    print(json.dumps(told), flush=True)


def main(words: Iterable[str] | None = None) -> None:
    """Run one node."""
    parser = argparse.ArgumentParser(prog="python -m bench.intake_node", description=__doc__)
    parser.add_argument("--ports", required=True, help="JSON: each venue's port")
    parser.add_argument("--symbols", type=int, required=True, help="how many, over all venues")
    parser.add_argument("--reader", choices=["engine", "python", "discard"], default="engine")
    parser.add_argument("--timed", action="store_true", help="time every frame, for `delays`")
    uvloop.run(serve(parser.parse_args(None if words is None else list(words))))


if __name__ == "__main__":
    main()
