"""How a client speaks to each venue and reads it, written from the documents alone: nothing of the product's or the lab's is used."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.lab.client import nanoseconds

Message = dict[str, Any]
MS, US = 1_000_000, 1_000


@dataclass(frozen=True)
class Row:
    """One live trade as printed: the price as its literal text."""

    symbol: str
    trade_id: int
    price: str
    size: Decimal
    time_ns: int
    taker: str


@dataclass(frozen=True)
class Dialect:
    """One venue's words. `rows` gives the live trades of a frame, oldest first; `rest_last` the last trade of an answer."""

    btc: str
    eth: str
    nope: str
    subscribe: Callable[[Sequence[str]], list[str]]
    unsubscribe: Callable[[str], str]
    rows: Callable[[Message], Iterator[Row]]
    is_refusal: Callable[[Any], bool]
    last_path: str = ""
    rest_last: Callable[[Any], tuple[str, int]] | None = None
    list_path: str = ""
    listed: Callable[[Any], Mapping[str, bool]] | None = None
    """From the body of the list to symbols, each with whether it is alive."""
    wait_seconds: float = 0.0
    fold: bool = False
    """Whether what one order took at one price comes as one row."""
    is_mute_when_unknown: bool = False
    """Whether an unknown symbol is acknowledged and silent instead of refused."""


def decode(raw: str | bytes) -> Any:
    """Return a frame's JSON, numbers with a fraction as their text."""
    text = gzip.decompress(raw).decode() if isinstance(raw, bytes) else raw
    return text if text == "pong" else json.loads(text, parse_float=str)


def _one_each(template: str) -> Callable[[Sequence[str]], list[str]]:
    return lambda symbols: [template.replace("SYMBOL", symbol) for symbol in symbols]


def _in_one(template: str, each: str) -> Callable[[Sequence[str]], list[str]]:
    return lambda symbols: [template.replace("SYMBOLS", ",".join(each.replace("SYMBOL", symbol) for symbol in symbols))]


def _coinbase(frame: Message) -> Iterator[Row]:
    for event in frame["events"] if frame.get("channel") == "market_trades" else ():
        for row in reversed(event["trades"] if event["type"] == "update" else []):
            taker = "buy" if row["side"] == "SELL" else "sell"
            yield Row(row["product_id"], int(row["trade_id"]), row["price"], Decimal(row["size"]), nanoseconds(row["time"]), taker)


def _gemini(frame: Message) -> Iterator[Row]:
    if "t" in frame:
        yield Row(frame["s"], frame["t"], frame["p"], Decimal(frame["q"]), frame["E"], "sell" if frame["m"] else "buy")


def _kraken(frame: Message) -> Iterator[Row]:
    if frame.get("channel") == "trade" and frame["type"] == "update":
        for row in frame["data"]:
            price, size = str(row["price"]), Decimal(str(row["qty"]))
            yield Row(row["symbol"], row["trade_id"], price, size, nanoseconds(row["timestamp"]), row["side"])


def _gateio(frame: Message) -> Iterator[Row]:
    if frame.get("channel") == "spot.trades" and frame["event"] == "update":
        row = frame["result"]
        milliseconds, fraction = row["create_time_ms"].split(".")
        time_ns = int(milliseconds) * MS + int(fraction.ljust(6, "0"))
        assert row["create_time"] == int(milliseconds) // 1000
        yield Row(row["currency_pair"], row["id"], row["price"], Decimal(row["amount"]), time_ns, row["side"])


def _cryptocom(frame: Message) -> Iterator[Row]:
    if frame["id"] == -1 and frame.get("result", {}).get("channel") == "trade":
        for row in reversed(frame["result"]["data"]):
            yield Row(row["i"], int(row["d"]), row["p"], Decimal(row["q"]), row["t"] * MS, row["s"].lower())


def _okx(frame: Any) -> Iterator[Row]:
    if isinstance(frame, dict) and "data" in frame and frame["arg"]["channel"] == "trades":
        for row in frame["data"]:
            yield Row(row["instId"], int(row["tradeId"]), row["px"], Decimal(row["sz"]), int(row["ts"]) * MS, row["side"])


def _bitstamp(frame: Message) -> Iterator[Row]:
    if frame["event"] == "trade":
        row = frame["data"]
        assert (str(row["price"]), str(row["amount"])) == (row["price_str"], row["amount_str"])
        symbol, time_ns = frame["channel"].removeprefix("live_trades_"), int(row["microtimestamp"]) * US
        yield Row(symbol, row["id"], row["price_str"], Decimal(row["amount_str"]), time_ns, "sell" if row["type"] else "buy")


def _bybit(frame: Message) -> Iterator[Row]:
    if frame.get("topic", "").startswith("publicTrade."):
        assert frame["type"] == "snapshot"
        for row in frame["data"]:
            yield Row(row["s"], int(row["i"]), row["p"], Decimal(row["v"]), row["T"] * MS, row["S"].lower())


def _binance(frame: Message) -> Iterator[Row]:
    if frame.get("stream", "").endswith("@trade"):
        row = frame["data"]
        assert frame["stream"] == f"{row['s'].lower()}@trade"
        yield Row(row["s"], row["t"], row["p"], Decimal(row["q"]), row["T"] * MS, "sell" if row["m"] else "buy")


def _htx(frame: Message) -> Iterator[Row]:
    if "tick" in frame:
        symbol = frame["ch"].removeprefix("market.").removesuffix(".trade.detail")
        for row in reversed(frame["tick"]["data"]):
            price = f"{Decimal(str(row['price'])):f}"
            yield Row(symbol, row["tradeId"], price, Decimal(str(row["amount"])), row["ts"] * MS, row["direction"])


def _kraken_last(body: Any) -> tuple[str, int]:
    (rows,) = (value for value in body["result"].values() if isinstance(value, list))
    whole, fraction = str(rows[-1][2]).split(".")
    return rows[-1][0], int(whole) * 10**9 + int(fraction.ljust(9, "0"))


def _kraken_listed(body: Any) -> dict[str, bool]:
    names = {"XBT/USD": "BTC/USD", "XDG/USD": "DOGE/USD"}
    return {names.get(row["wsname"], row["wsname"]): row["status"] == "online" for row in body["result"].values()}


def _gate_last(body: Any) -> tuple[str, int]:
    milliseconds, fraction = body[0]["create_time_ms"].split(".")
    return body[0]["price"], int(milliseconds) * MS + int(fraction)


def _coinbaseexchange(frame: Message) -> Iterator[Row]:
    if frame["type"] == "match":
        taker = "buy" if frame["side"] == "sell" else "sell"
        time_ns = nanoseconds(frame["time"])
        yield Row(frame["product_id"], frame["trade_id"], frame["price"], Decimal(frame["size"]), time_ns, taker)


DIALECTS: Mapping[str, Dialect] = {
    "coinbase": Dialect(
        *("BTC-USD", "ETH-USD", "NOPE-USD"),
        _in_one('{"type":"subscribe","channel":"market_trades","product_ids":[SYMBOLS]}', '"SYMBOL"'),
        lambda symbol: f'{{"type":"unsubscribe","channel":"market_trades","product_ids":["{symbol}"]}}',
        _coinbase,
        lambda frame: frame.get("type") == "error",
        "/api/v3/brokerage/market/products/SYMBOL/ticker?limit=1",
        lambda body: (body["trades"][0]["price"], nanoseconds(body["trades"][0]["time"])),
        "/api/v3/brokerage/market/products",
        lambda body: {row["product_id"]: row["status"] == "online" for row in body["products"]},
    ),
    "gemini": Dialect(
        *("btcusd", "ethusd", "nopeusd"),
        _one_each('{"id":"1","method":"subscribe","params":["SYMBOL@trade"]}'),
        lambda symbol: f'{{"id":"2","method":"unsubscribe","params":["{symbol}@trade"]}}',
        _gemini,
        lambda frame: "error" in frame,
        "/v1/trades/SYMBOL?limit_trades=1",
        lambda body: (body[0]["price"], body[0]["timestampms"] * MS),
        "/v1/symbols/details/all",
        lambda body: {row["symbol"].lower(): row["status"] != "closed" for row in body},
    ),
    "kraken": Dialect(
        *("BTC/USD", "ETH/USD", "NOPE/USD"),
        _in_one('{"method":"subscribe","params":{"channel":"trade","snapshot":false,"symbol":[SYMBOLS]},"req_id":1}', '"SYMBOL"'),
        lambda symbol: f'{{"method":"unsubscribe","params":{{"channel":"trade","symbol":["{symbol}"]}},"req_id":2}}',
        _kraken,
        lambda frame: frame.get("success") is False,
        "/0/public/Trades?pair=SYMBOL",
        _kraken_last,
        "/0/public/AssetPairs",
        _kraken_listed,
    ),
    "gateio": Dialect(
        *("BTC_USDT", "ETH_USDT", "NOPE_USDT"),
        _one_each('{"time":1795160400,"channel":"spot.trades","event":"subscribe","payload":["SYMBOL"]}'),
        lambda symbol: f'{{"time":1795160400,"channel":"spot.trades","event":"unsubscribe","payload":["{symbol}"]}}',
        _gateio,
        lambda frame: frame.get("error") is not None,
        "/api/v4/spot/trades?currency_pair=SYMBOL&limit=1",
        _gate_last,
        "/api/v4/spot/currency_pairs",
        lambda body: {row["id"]: row["trade_status"] == "tradable" for row in body},
    ),
    "cryptocom": Dialect(
        *("BTC_USD", "ETH_USD", "NOPE_USD"),
        _in_one('{"id":1,"method":"subscribe","params":{"channels":[SYMBOLS]}}', '"trade.SYMBOL"'),
        lambda symbol: f'{{"id":2,"method":"unsubscribe","params":{{"channels":["trade.{symbol}"]}}}}',
        _cryptocom,
        lambda frame: frame["code"] != 0,
        "/exchange/v1/public/get-trades?instrument_name=SYMBOL&count=1",
        lambda body: (body["result"]["data"][0]["p"], body["result"]["data"][0]["t"] * MS),
        "/exchange/v1/public/get-instruments",
        lambda body: {row["symbol"]: bool(row["tradable"]) for row in body["result"]["data"]},
        wait_seconds=1.0,
    ),
    "okx": Dialect(
        *("BTC-USDT", "ETH-USDT", "NOPE-USDT"),
        _in_one('{"op":"subscribe","args":[SYMBOLS]}', '{"channel":"trades","instId":"SYMBOL"}'),
        lambda symbol: f'{{"op":"unsubscribe","args":[{{"channel":"trades","instId":"{symbol}"}}]}}',
        _okx,
        lambda frame: isinstance(frame, dict) and frame.get("event") == "error",
        "/api/v5/market/trades?instId=SYMBOL&limit=1",
        lambda body: (body["data"][0]["px"], int(body["data"][0]["ts"]) * MS),
        "/api/v5/public/instruments?instType=SPOT",
        lambda body: {row["instId"]: row["state"] == "live" for row in body["data"]},
        fold=True,
    ),
    "bitstamp": Dialect(
        *("btcusd", "ethusd", "nopeusd"),
        _one_each('{"event":"bts:subscribe","data":{"channel":"live_trades_SYMBOL"}}'),
        lambda symbol: f'{{"event":"bts:unsubscribe","data":{{"channel":"live_trades_{symbol}"}}}}',
        _bitstamp,
        lambda frame: frame["event"] == "bts:error",
        "/api/v2/ticker/SYMBOL/",
        lambda body: (body["last"], int(body["timestamp"]) * 10**9),
        "/api/v2/markets/",
        lambda body: {row["market_symbol"]: row["trading"] == "Enabled" for row in body},
        is_mute_when_unknown=True,
    ),
    "bybit": Dialect(
        *("BTCUSDT", "ETHUSDT", "NOPEUSDT"),
        _in_one('{"op":"subscribe","args":[SYMBOLS]}', '"publicTrade.SYMBOL"'),
        lambda symbol: f'{{"op":"unsubscribe","args":["publicTrade.{symbol}"]}}',
        _bybit,
        lambda frame: frame.get("success") is False,
        "/v5/market/recent-trade?category=spot&symbol=SYMBOL&limit=1",
        lambda body: (body["result"]["list"][0]["price"], int(body["result"]["list"][0]["time"]) * MS),
        "/v5/market/instruments-info?category=spot",
        lambda body: {row["symbol"]: row["status"] == "Trading" for row in body["result"]["list"]},
    ),
    "binance": Dialect(
        *("BTCUSDT", "ETHUSDT", "NOPEUSDT"),
        lambda symbols: [
            json.dumps({"method": "SUBSCRIBE", "params": [f"{symbol.lower()}@trade" for symbol in symbols], "id": 1}),
        ],
        lambda symbol: f'{{"method":"UNSUBSCRIBE","params":["{symbol.lower()}@trade"],"id":2}}',
        _binance,
        lambda frame: "code" in frame,
        "/api/v3/trades?symbol=SYMBOL&limit=1",
        lambda body: (body[0]["price"], body[0]["time"] * MS),
        "/api/v3/exchangeInfo?permissions=SPOT",
        lambda body: {row["symbol"]: row["status"] == "TRADING" for row in body["symbols"]},
        is_mute_when_unknown=True,
    ),
    "coinbaseexchange": Dialect(
        *("BTC-USD", "ETH-USD", "NOPE-USD"),
        _in_one('{"type":"subscribe","product_ids":[SYMBOLS],"channels":["matches","heartbeat"]}', '"SYMBOL"'),
        lambda symbol: f'{{"type":"unsubscribe","product_ids":["{symbol}"],"channels":["matches","heartbeat"]}}',
        _coinbaseexchange,
        lambda frame: frame["type"] == "error",
        "/products/SYMBOL/trades?limit=1",
        lambda body: (body[0]["price"], nanoseconds(body[0]["time"])),
        "/products",
        lambda body: {row["id"]: row["status"] == "online" and not row["cancel_only"] for row in body},
    ),
    "htx": Dialect(
        *("btcusdt", "ethusdt", "nopeusdt"),
        _one_each('{"sub":"market.SYMBOL.trade.detail","id":"1"}'),
        lambda symbol: f'{{"unsub":"market.{symbol}.trade.detail","id":"2"}}',
        _htx,
        lambda frame: frame.get("status") == "error",
    ),
}
