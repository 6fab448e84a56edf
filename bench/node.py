"""One engine as a price node runs it, without what the benches do not measure: feeds, database, pages.

    python -m bench.node --spool DIR

It prints one line of JSON with its addresses and its key, publishes prices at a market's pace, and takes orders as
words on stdin: `counters`, `busy` (a Python thread holds the GIL from then on), `calm`, `govern` (the governor is on from
then on), `stop`. Each is answered by one line of JSON. The end of stdin is a `stop`.
"""

import argparse
import asyncio
import itertools
import json
import sys
import threading
import zlib
from pathlib import Path

from trinity_beast.access import Governor
from trinity_beast.clock import SystemClock
from trinity_beast.engine import Clock, Engine, Limits, Policy, Refusal
from trinity_beast.parameters import Readings
from trinity_beast.priority import give_way
from trinity_beast.randomness import BASE62, SystemSecrets

SOURCE, VENUE, QUOTE = "coinbase-ws", "coinbase", "USD"
KEY_ID = 7
FREE, PAID = 1, 3
QUOTA = 1_000_000_000
YEAR_NS = 365 * 24 * 3600 * 1_000_000_000
REFUSALS = {
    "KEY_MISSING": 401,
    "KEY_INVALID": 401,
    "KEY_REVOKED": 401,
    "KEY_EXPIRED": 401,
    "TIER_FORBIDS": 403,
    "ASSET_UNKNOWN": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_FOUND": 404,
    "RATE_LIMITED": 429,
    "QUOTA_SPENT": 429,
    "REQUEST_INVALID": 400,
    "REQUEST_TOO_LARGE": 431,
    "PRICE_STALE": 503,
    "PRICE_UNAVAILABLE": 503,
    "OVERLOADED": 503,
    "DEPENDENCY_AWAY": 503,
}


def fresh_key() -> str:
    """Return a key in the product's own spelling, checksum and all."""
    body = "tb_live_" + SystemSecrets().base62(32)
    checksum, letters = zlib.crc32(body.encode()), ""
    for _ in range(6):
        checksum, digit = divmod(checksum, 62)
        letters = BASE62[digit] + letters
    return body + letters


class Market:
    """Prices that move, published from one thread at a steady pace."""

    def __init__(self, engine: Engine, clock: Clock, *, assets: int, per_second: float) -> None:
        self._engine, self._clock, self._pause = engine, clock, 1.0 / per_second
        self._assets = ["BTC", "ETH", *(f"C{number}" for number in range(assets - 2))]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play, name="market")

    def open(self) -> None:
        """Publish every asset once, then go on in a thread."""
        for asset in self._assets:
            self._publish(asset, 0)
        self._thread.start()

    def close(self) -> None:
        """Stop publishing."""
        self._over.set()
        self._thread.join()

    def _play(self) -> None:
        # Every other publish is BTC, the asset that is asked for: a reader must meet its writer.
        for step in itertools.count(1):
            if self._over.wait(self._pause):
                return
            self._publish("BTC" if step % 2 else self._assets[step % len(self._assets)], step)

    def _publish(self, asset: str, step: int) -> None:
        self._engine.book.publish(
            asset,
            f"{97_000 + step % 1000}.{step % 100:02d}",
            QUOTE,
            VENUE,
            SOURCE,
            exchange_time_ns=self._clock.wall_ns() - 5_000_000,
            received_monotonic_ns=self._clock.monotonic_ns(),
            usable_for_ns=90_000_000_000,
        )


class Hog:
    """A thread that runs Python without pause, so that nobody else in the process does for long."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Hold the GIL from now on."""
        if self._thread is None:
            self._over.clear()
            self._thread = threading.Thread(target=self._spin, name="hog")
            self._thread.start()

    def end(self) -> None:
        """Let go."""
        if self._thread is not None:
            self._over.set()
            self._thread.join()
            self._thread = None

    def _spin(self) -> None:
        # Python 3.11 does not tell the kernel a thread's name; the bench looks for this one.
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text("hog")
        while not self._over.is_set():
            for number in range(10_000):
                _ = number * number


class Governing:
    """The product's governor, in a thread with a loop of its own; off until it is switched on."""

    def __init__(self, engine: Engine) -> None:
        self._readings = Readings()
        self._governor = Governor(engine.governor, engine.counters.read, "bench", lambda: 1, clock=SystemClock(), readings=self._readings)
        self._over = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._govern(),), name="governor")

    def begin(self) -> None:
        """Switch it on."""
        self._readings.turn("adaptive_enabled", True)
        if not self._thread.is_alive():
            self._thread.start()

    def end(self) -> None:
        """Stop it."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    async def _govern(self) -> None:
        await self._governor.start()
        await asyncio.to_thread(self._over.wait)
        await self._governor.stop()


class Shipper:
    """Deletes sealed segments, as the one does that has shipped them: a bench must not fill the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._over = folder, threading.Event()
        self._thread = threading.Thread(target=self._ship, name="shipper")

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._over.set()
        self._thread.join()

    def _ship(self) -> None:
        while not self._over.wait(0.25):
            for segment in self._folder.glob("*.sealed"):
                segment.unlink(missing_ok=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.node", description="Run one engine for a bench or a test.")
    parser.add_argument("--spool", type=Path, required=True, help="folder for usage records")
    parser.add_argument("--keep-segments", action="store_true", help="leave sealed segments where they are")
    parser.add_argument("--threads", type=int, default=1, help="engine threads (1)")
    parser.add_argument("--assets", type=int, default=150, help="assets in the book (150)")
    parser.add_argument("--publishes", type=float, default=200.0, help="prices published a second (200)")
    parser.add_argument("--header-seconds", type=float, default=10.0, help="time a caller has for a header (10)")
    parser.add_argument("--unsent-seconds", type=float, default=20.0, help="time a caller has to read its answers (20)")
    parser.add_argument("--key", default="", help="the key to admit (a fresh one)")
    return parser.parse_args()


def engine_of(options: argparse.Namespace, clock: Clock) -> Engine:
    options.spool.mkdir(parents=True, exist_ok=True)
    engine = Engine(
        node="BeastMain",
        region="local",
        version="1",
        digest_secret=SystemSecrets().octets(32),
        spool_directory=str(options.spool),
        quota_directory=str(options.spool.with_name("quotas")),
        threads=options.threads,
        clock=clock,
        limits=Limits(header_seconds=options.header_seconds, unsent_seconds=options.unsent_seconds),
    )
    engine.spool.recover()
    engine.set_refusals([Refusal(code, status, code.capitalize(), f"{code}.", "See the reference.") for code, status in REFUSALS.items()])
    return engine


def admit(engine: Engine, clock: Clock, key: str, *, key_id: int = KEY_ID, rank: int = PAID) -> None:
    """Let `key` in with a bucket and a quota so large that both are reckoned, the latter in blocks, and neither is ever empty."""
    resets_at_ns = clock.wall_ns() + YEAR_NS
    policy = Policy(
        key_id=key_id,
        rate_per_second=10_000_000.0,
        burst=1_000_000,
        quota=QUOTA,
        quota_resets_at_ns=resets_at_ns,
        quota_in_blocks=True,
        rank=rank,
    )
    engine.quotas.deliver([(key_id, resets_at_ns, QUOTA, 0, False, 0)])
    engine.keys.admit(engine.keys.digest_of(key), policy)


def say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def obey(engine: Engine, hog: Hog, governing: Governing) -> None:
    """Follow orders until the last."""
    for line in sys.stdin:
        match line.strip():
            case "counters":
                say(engine.counters.read())
            case "busy":
                hog.begin()
                say("busy")
            case "calm":
                hog.end()
                say("calm")
            case "govern":
                governing.begin()
                say("govern")
            case "stop":
                return
            case other:
                say(f"unknown order: {other}")


def main() -> None:
    options = arguments()
    clock = Clock.system()
    engine = engine_of(options, clock)
    key = options.key or fresh_key()
    admit(engine, clock, key)
    cheap_key = fresh_key()
    admit(engine, clock, cheap_key, key_id=KEY_ID + 1, rank=FREE)
    governing = Governing(engine)
    market, hog, shipper = Market(engine, clock, assets=options.assets, per_second=options.publishes), Hog(), Shipper(options.spool)
    ports = {"http": engine.listen_http("127.0.0.1", 0), "udp": engine.listen_udp("127.0.0.1", 0)}
    market.open()
    if not options.keep_segments:
        shipper.open()
    engine.start()
    give_way()  # As the node does: bench/gil shows what is left.

    say({**ports, "key": key, "cheap_key": cheap_key})
    obey(engine, hog, governing)
    governing.end()
    hog.end()
    market.close()
    cut = engine.stop(1.0)
    if not options.keep_segments:
        shipper.close()
    say({"cut": cut, "counters": engine.counters.read()})


if __name__ == "__main__":
    main()
