"""The live trades of the recordings, read a second way: plain JSON with every number kept as text, a few lines per venue."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

Row = tuple[str, str, int]


def instant(text: str) -> int:
    """RFC 3339 in UTC with up to nine decimals."""
    head, _, fraction = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(head + "+00:00").timestamp()) * 10**9 + int(fraction.ljust(9, "0"))


def unix(text: str, scale: int) -> int:
    return int(Decimal(text) * scale)


def digits(text: str) -> str:
    return f"{Decimal(text):f}" if "e" in text.lower() else text


def coinbase(frame: Any) -> Iterator[Row]:
    for event in frame["events"] if frame.get("channel") == "market_trades" else []:
        for row in reversed(event["trades"]) if event["type"] == "update" else []:
            yield row["product_id"], row["price"], instant(row["time"])


def kraken(frame: Any) -> Iterator[Row]:
    for row in frame["data"] if (frame.get("channel"), frame.get("type")) == ("trade", "update") else []:
        yield row["symbol"], row["price"], instant(row["timestamp"])


def okx(frame: Any) -> Iterator[Row]:
    for row in frame.get("data", []) if frame.get("arg", {}).get("channel") == "trades" else []:
        yield row["instId"], row["px"], unix(row["ts"], 10**6)


def gateio(frame: Any) -> Iterator[Row]:
    if (frame.get("channel"), frame.get("event")) == ("spot.trades", "update"):
        row = frame["result"]
        yield row["currency_pair"], row["price"], unix(row["create_time_ms"], 10**6)


def gemini(frame: Any) -> Iterator[Row]:
    if "t" in frame and "p" in frame and "e" not in frame:
        yield frame["s"], frame["p"], int(frame["E"])


def bybit(frame: Any) -> Iterator[Row]:
    for row in frame["data"] if str(frame.get("topic")).startswith("publicTrade.") else []:
        yield row["s"], row["p"], unix(row["T"], 10**6)


def binance(frame: Any) -> Iterator[Row]:
    row = frame.get("data", {})
    if row.get("e") == "trade":
        yield row["s"], row["p"], unix(row["T"], 10**6)


def bitstamp(frame: Any) -> Iterator[Row]:
    if frame.get("event") == "trade":
        yield frame["channel"].removeprefix("live_trades_"), frame["data"]["price_str"], unix(frame["data"]["microtimestamp"], 10**3)


def htx(frame: Any) -> Iterator[Row]:
    channel = frame.get("ch", "")
    for row in reversed(frame["tick"]["data"]) if channel.endswith(".trade.detail") else []:
        yield channel.split(".")[1], digits(row["price"]), unix(row["ts"], 10**6)


READERS: dict[str, Callable[[Any], Iterator[Row]]] = {
    "coinbase": coinbase, "kraken": kraken, "okx": okx, "gateio": gateio, "gemini": gemini, "bybit": bybit, "binance": binance,
    "bitstamp": bitstamp, "htx": htx,
}  # fmt: skip


def live_rows(venue: str, payload: bytes) -> list[Row]:
    """The live trades of one message, oldest first."""
    text = gzip.decompress(payload) if venue == "htx" else payload
    frame = json.loads(text, parse_float=str, parse_int=str)
    return sorted(READERS[venue](frame), key=lambda row: row[2]) if isinstance(frame, dict) else []
