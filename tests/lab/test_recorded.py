"""A recorded market tells what was recorded, with every time moved by the same amount, round after round."""

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.lab.client import Frame, LabClient, Row, nanoseconds, rows_of
from tests.support.clock import ManualClock
from trinity_beast.lab import Lab, MarketUnknown, RecordingUnusable, open_market
from trinity_beast.lab.model import SECOND_NS
from trinity_beast.randomness import dice_from
from trinity_beast.words import Symbol, Venue

COINBASE = Venue("coinbase")


def _captures() -> Path | None:
    here = Path(__file__).resolve()
    return next((found for parent in here.parents if (found := parent / "shared" / "captures").is_dir()), None)


def _trade(number: int, second: str, price: str = "100.5") -> dict[str, str]:
    time = f"2026-08-09T21:05:{second}Z"
    return {"product_id": "BTC-USD", "trade_id": str(number), "price": price, "size": "0.1", "time": time, "side": "BUY"}


def _write(folder: Path, frames: list[tuple[str, str, list[dict[str, str]]]], *, times: bool = True) -> Path:
    place = folder / "coinbase"
    place.mkdir()
    lines = [
        json.dumps({"channel": "market_trades", "timestamp": "", "events": [{"type": kind, "trades": rows}]}, separators=(",", ":"))
        for _, kind, rows in frames
    ]
    with gzip.open(place / "made.recv.jsonl.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")
    if times:
        with gzip.open(place / "made.recv-times.txt.gz", "wt") as file:
            file.write("\n".join(f"{told}\tCOINBASE" for told, _, _ in frames) + "\n")
    return folder


MADE = [
    ("1786309548.0", "snapshot", [_trade(9, "40"), _trade(8, "39")]),
    ("1786309549.0", "update", [_trade(11, "48.9"), _trade(10, "48.8")]),
    ("1786309551.5", "update", [_trade(12, "51.2", "101")]),
]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return _write(tmp_path, MADE)


def test_frames_come_at_their_recorded_distances_and_times_move_with_them(made: Path) -> None:
    market = open_market(f"recorded:{made}")
    market.begin(5000 * SECOND_NS)
    told = market.advance(5003 * SECOND_NS)

    assert [each.printed_ns for each in told] == [5000 * SECOND_NS, 5000 * SECOND_NS + 2_500_000_000]
    assert [[trade.trade_id for trade in each.trades] for each in told] == [[10, 11], [12]]
    # The recorder's clock is judged by the frame that came soonest after its trade: the first, 0.1 s; so it is told at once.
    assert [trade.time_ns - 5000 * SECOND_NS for each in told for trade in each.trades] == [-100_000_000, 0, 2_300_000_000]


def test_snapshots_are_history_and_never_printed(made: Path) -> None:
    market = open_market(f"recorded:{made}")
    market.begin(5000 * SECOND_NS)
    tape = market.tape(COINBASE, Symbol("BTC-USD"))
    assert tape is not None
    assert [trade.trade_id for trade in tape.recent(9)] == [9, 8]


def test_a_new_round_goes_on_in_time_and_in_ids(made: Path) -> None:
    market = open_market(f"recorded:{made}")
    market.begin(5000 * SECOND_NS)
    trades = [trade for told in market.advance(5020 * SECOND_NS) for trade in told.trades]

    assert len(trades) > 9
    assert [trade.trade_id for trade in trades] == sorted({trade.trade_id for trade in trades})
    times = [trade.time_ns for trade in trades]
    assert times == sorted(times)
    assert times[3] - times[0] == 3_500_000_000, "the recording's length and the gap"


def test_a_recording_without_times_is_told_by_its_trades_times(tmp_path: Path) -> None:
    market = open_market(f"recorded:{_write(tmp_path, MADE, times=False)}")
    market.begin(5000 * SECOND_NS)
    assert [told.printed_ns for told in market.advance(5003 * SECOND_NS)] == [5000 * SECOND_NS, 5000 * SECOND_NS + 2_300_000_000]


def test_times_of_the_recorder_s_own_monotonic_clock_are_only_distances(tmp_path: Path) -> None:
    frames = [(f"{number * SECOND_NS} ns", kind, rows) for number, (_, kind, rows) in enumerate(MADE, start=7)]
    market = open_market(f"recorded:{_write(tmp_path, frames)}")
    market.begin(5000 * SECOND_NS)
    told = market.advance(5001 * SECOND_NS)
    assert [each.printed_ns for each in told] == [5000 * SECOND_NS, 5001 * SECOND_NS]
    assert all(trade.time_ns <= each.printed_ns for each in told for trade in each.trades), "no trade is told before it happened"


def test_the_folder_of_one_venue_will_do(made: Path) -> None:
    assert list(open_market(f"recorded:{made / 'coinbase'}").listings) == [COINBASE]


@pytest.mark.parametrize("frames", [[], MADE[:1]])
def test_a_recording_without_live_trades_is_refused(tmp_path: Path, frames: list[tuple[str, str, list[dict[str, str]]]]) -> None:
    with pytest.raises(RecordingUnusable):
        open_market(f"recorded:{_write(tmp_path, frames)}")


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(RecordingUnusable):
            open_market(f"recorded:{folder}")


def test_a_broken_recording_is_refused(made: Path) -> None:
    path = made / "coinbase" / "made.recv.jsonl.gz"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(RecordingUnusable):
        open_market(f"recorded:{made}")


def test_a_market_of_another_name_is_refused() -> None:
    with pytest.raises(MarketUnknown):
        open_market("imaginary")


@pytest.fixture(scope="module")
def recording() -> tuple[Path, list[Frame]]:
    captures = _captures()
    if captures is None:
        pytest.skip("the shared captures are not beside this checkout")
    with gzip.open(captures / "coinbase" / "advanced-trade-2026-08-09.recv.jsonl.gz", "rt", encoding="utf-8") as lines:
        return captures, [json.loads(line) for line in lines if '"channel":"market_trades"' in line[:64]]


@pytest.fixture
async def listener(recording: tuple[Path, list[Frame]], clock: ManualClock) -> AsyncIterator[LabClient]:
    lab = Lab(open_market(f"recorded:{recording[0]}"), clock, dice_from("recorded"))
    client = await LabClient.connect((await lab.start())[COINBASE].ws_url, clock)
    yield client
    await client.leave()
    await lab.stop()


@pytest.mark.captures
async def test_the_shared_recording_is_told_whole_with_its_times_moved(
    recording: tuple[Path, list[Frame]], listener: LabClient, clock: ManualClock
) -> None:
    begin_ns = clock.time_ns()
    past = rows_of(await listener.subscribe("BTC-USD", "ETH-USD"), "snapshot")
    frames = await listener.during(24)

    true = rows_of(recording[1])
    told = rows_of(frames)[: len(true)]
    assert len(true) == 79, "as the captures' index says"
    moved = {row.time_ns - was.time_ns for row, was in zip(told, true, strict=True)}
    assert len(moved) == 1, "every time moved by the same amount"
    assert [_but_time(row) for row in told] == [_but_time(row) for row in true]
    assert [(_but_time(row), row.time_ns - moved.copy().pop()) for row in past if row.product == "ETH-USD"][-100:] == [
        (_but_time(row), row.time_ns) for row in rows_of(recording[1], "snapshot") if row.product == "ETH-USD"
    ]
    assert len(frames) >= len([frame for frame in recording[1] if frame["events"][0]["type"] == "update"]), "a frame for a frame"
    assert all(nanoseconds(frame["timestamp"]) >= rows_of([frame])[-1].time_ns >= begin_ns - 2 * SECOND_NS for frame in frames)


@pytest.mark.captures
async def test_the_shared_recording_begins_again_with_later_times_and_new_ids(listener: LabClient) -> None:
    await listener.subscribe("BTC-USD")
    await listener.subscribe(channel="heartbeats")
    frames = await listener.during(80)
    rows = rows_of(frames)
    assert len(rows) > 110
    assert [row.trade_id for row in rows] == sorted({row.trade_id for row in rows})
    assert [row.time_ns for row in rows] == sorted(row.time_ns for row in rows)
    assert sum(frame["channel"] == "heartbeats" for frame in frames) == 80


def _but_time(row: Row) -> tuple[object, ...]:
    return row.product, row.trade_id, row.price, row.size, row.side
