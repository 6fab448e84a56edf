"""How Kraken writes trades, tickers and pairs down, and by which names its REST knows a pair."""

from collections.abc import Sequence

from trinity_beast.lab.digits import decimal_text, plain_text, rfc3339_us, seconds_text
from trinity_beast.lab.model import MarketTrade
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol

OLD_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
"""REST still spells these coins as it did before version 2 of the socket."""
PREFIXED = {"XBT": "XXBT", "XDG": "XXDG", "ETH": "XETH", "XRP": "XXRP", "LTC": "XLTC", "USD": "ZUSD"}


def names(symbol: Symbol) -> tuple[str, str, str]:
    """Return what REST calls a pair: the key of its lists, the short name, the old socket's name."""
    base, quote = (OLD_NAMES.get(part, part) for part in symbol.split("/"))
    # Only the oldest pairs are called by their prefixed names; DOGE is not among them.
    key = f"{PREFIXED[base]}{PREFIXED[quote]}" if base in PREFIXED and base != "XDG" and quote in PREFIXED else f"{base}{quote}"
    return key, f"{base}{quote}", f"{base}/{quote}"


def frame(channel: str, kind: str, rows: str) -> str:
    """Write a frame of the socket."""
    return f'{{"channel":"{channel}","type":"{kind}","data":[{rows}]}}'


def trade_rows(symbol: Symbol, trades: Sequence[MarketTrade]) -> str:
    """Write the socket's rows of trades."""
    return ",".join(
        f'{{"symbol":"{symbol}","side":"{trade.taker}","price":{trade.price},"qty":{trade.size},"ord_type":"limit",'
        f'"trade_id":{trade.trade_id},"timestamp":"{rfc3339_us(trade.time_ns)}"}}'
        for trade in trades
    )


def ticker_row(tape: Tape, now_ns: int) -> str:
    """Write the socket's row of a ticker."""
    bid, ask = tape.best()
    decimals = tape.listing.price_decimals
    vwap, low, high = (plain_text(price, decimals) for price in ((tape.low + tape.high) / 2, tape.low, tape.high))
    change, percent = plain_text(tape.change * tape.open, decimals), plain_text(tape.change * 100, 2)
    return (
        f'{{"symbol":"{tape.listing.symbol}","bid":{bid},"bid_qty":329.06250000,"ask":{ask},"ask_qty":1771.75027615,'
        f'"last":{tape.last_price},"volume":{plain_text(tape.volume, 8)},"vwap":{vwap},"low":{low},"high":{high},'
        f'"change":{change},"change_pct":{percent},"trades":{tape.count},"timestamp":"{rfc3339_us(now_ns)}"}}'
    )


def rest_trades(tape: Tape, trades: Sequence[MarketTrade], now_ns: int) -> str:
    """Write REST's answer of trades, which come oldest first; their times are seconds with a fraction, as numbers."""
    rows = ",".join(
        f'["{trade.price}","{trade.size}",{seconds_text(trade.time_ns)},"{trade.taker[0]}","l","",{trade.trade_id}]' for trade in trades
    )
    last_ns = trades[-1].time_ns if trades else now_ns
    return f'{{"error":[],"result":{{"{names(tape.listing.symbol)[0]}":[{rows}],"last":"{last_ns}"}}}}'


def rest_ticker(tape: Tape) -> dict[str, object]:
    """Shape REST's ticker of a pair."""
    (bid, ask), decimals = tape.best(), tape.listing.price_decimals
    volume = plain_text(tape.volume, 8)
    middle, low, high = (plain_text(price, decimals) for price in ((tape.low + tape.high) / 2, tape.low, tape.high))
    return {
        "a": [ask, "1", "1.000"], "b": [bid, "2", "2.000"], "c": [tape.last_price, tape.last.size if tape.last else "0"],
        "v": [volume, volume], "p": [middle, middle], "t": [tape.count, tape.count], "l": [low, low], "h": [high, high],
        "o": plain_text(tape.open, decimals),
    }  # fmt: skip


def rest_pair(tape: Tape, *, is_online: bool) -> dict[str, object]:
    """Shape a pair of REST's list."""
    listing = tape.listing
    _, altname, wsname = names(listing.symbol)
    base, quote = wsname.split("/")
    return {
        "altname": altname, "wsname": wsname, "aclass_base": "currency", "base": PREFIXED.get(base, base), "aclass_quote": "currency",
        "quote": PREFIXED.get(quote, quote), "cost_decimals": 9, "pair_decimals": listing.price_decimals,
        "lot_decimals": listing.size_decimals, "ordermin": "50", "costmin": "0.5", "tick_size": decimal_text(1, listing.price_decimals),
        "status": "online" if is_online else "cancel_only", "execution_venue": "international",
    }  # fmt: skip
