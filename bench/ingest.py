"""Ingest: trades a second on one processor, from loopback sockets to answerable prices, and how soon each is answerable.

Six stand-in venues print frames in their documented shapes, mixed, over 150 symbols, on the client's processor; the price
side of a node (feeds, prices, watch, engine) reads them on the server's. Every frame is counted in the end, every trade is
checked, and every asset must answer with the last price printed of it. A frame may hold several trades, as theirs do; of
trades of one symbol that came in one frame the newest is published, all others each by itself.

Measured against, in the same rounds: the same node without the engine's intake, so that Python reads every frame, and
picows alone, which takes the frames and hands them to nobody.

The delay of a frame runs from just before it is written to its socket to the return of the call that has published its
newest trades: from then on every thread that answers requests tells them. Both ends are read from one clock.
"""

from collections.abc import Iterator

from bench.effort import Effort
from bench.fed import Taken, disturbance_of, measured
from bench.figures import Figure, Rounds, Target, alternating, ratios
from bench.machine import Cores

SYMBOLS = 150
TRADES_TARGET = Target(300_000.0, at_most=False, is_absolute=True)
DELAY_RATE = 10_000.0
P50_TARGET, P99_TARGET = Target(50.0, is_absolute=True), Target(500.0, is_absolute=True)


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a frame or trade was lost, or an answer was not the last price printed.
    """

    def reading(reader: str) -> Taken:
        return measured(cores, reader, seconds=effort.seconds, symbols=SYMBOLS)

    sides = {reader: lambda reader=reader: reading(reader) for reader in ("engine", "python", "discard")}
    runs: Rounds[Taken] = alternating(effort.rounds, sides, disturbance_of)
    yield from runs.marked(_flood(runs["engine"], runs["python"], runs["discard"]))

    def timed() -> Taken:
        return measured(cores, "engine", seconds=effort.seconds, symbols=SYMBOLS, rate=DELAY_RATE, timed=True)

    calm: Rounds[Taken] = alternating(effort.rounds, {"engine": timed}, disturbance_of)
    yield from calm.marked(_delays(calm["engine"]))


def _flood(engine: list[Taken], python: list[Taken], discard: list[Taken]) -> Iterator[Figure]:
    yield Figure("trades a second, answerable", tuple(run.trades_per_second for run in engine), "/s", TRADES_TARGET)
    yield Figure("  frames a second", tuple(run.frames_per_second for run in engine), "/s")
    yield Figure("  of the processor", tuple(run.node_share for run in engine), "")
    yield Figure("  trades for a second of processor time", tuple(run.trades_per_processor_second for run in engine), "/s")
    yield Figure("trades a second, Python reads all", tuple(run.trades_per_second for run in python), "/s")
    yield Figure("frames a second, picows alone, nothing read", tuple(run.frames_per_second for run in discard), "/s")
    ours, theirs = ([run.trades_per_processor_second for run in side] for side in (engine, python))
    yield Figure("engine over Python, by processor time", ratios(ours, theirs), "x")
    frames, bare = ([run.frames_per_second / run.node_share for run in side] for side in (engine, discard))
    yield Figure("engine over picows alone, by processor time", ratios(frames, bare), "x")


def _delays(runs: list[Taken]) -> Iterator[Figure]:
    rate = f"at {DELAY_RATE:,.0f} frames a second"
    yield Figure(f"until answerable, p50, {rate}", tuple(run.delays_us["p50"] for run in runs), "µs", P50_TARGET)
    yield Figure(f"until answerable, p99, {rate}", tuple(run.delays_us["p99"] for run in runs), "µs", P99_TARGET)
    yield Figure(f"until answerable, p999, {rate}", tuple(run.delays_us["p999"] for run in runs), "µs")
    yield Figure("  of the processor", tuple(run.node_share for run in runs), "")
