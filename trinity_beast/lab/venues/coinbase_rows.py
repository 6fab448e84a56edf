"""How Coinbase Advanced Trade writes trades, tickers and products down."""

from collections.abc import Iterable, Sequence

from trinity_beast.lab.coins import COINS, Coin, coin
from trinity_beast.lab.digits import decimal_text, plain_text, rfc3339
from trinity_beast.lab.model import Listing, MarketTrade
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Asset, Symbol, Venue

VENUE = Venue("coinbase")

DECIMALS = {
    "BTC": (2, 8), "ETH": (2, 8), "SOL": (2, 8), "DOGE": (5, 1), "XRP": (4, 6), "LINK": (3, 2), "DOT": (4, 8), "LTC": (2, 8),
    "AVAX": (3, 8), "UNI": (4, 6), "PEPE": (8, 0), "XLM": (6, 8), "ETC": (2, 8), "ICP": (4, 4), "RENDER": (3, 2), "BONK": (8, 0),
    "BCH": (2, 8), "JASMY": (5, 0), "AXS": (3, 3), "CHZ": (4, 1), "STORJ": (4, 2), "ZEC": (2, 8), "DASH": (2, 8), "CGLD": (4, 2),
    "NEAR": (4, 3), "ADA": (4, 8), "AAVE": (2, 3), "SHIB": (8, 0), "USDT": (5, 2),
}  # fmt: skip
"""Decimals of price and size per asset. Source: `GET /market/products` as recorded 2026-08-09."""

DELISTED = (("RNDR", "Render Token", "2.9685", 4), ("EOS", "EOS", "0.1868", 4), ("MKR", "Maker", "1225", 2), ("DAI", "Dai", "0.9985", 4))
"""Dead products that still carry a price. Source: the same list."""


def listings(assets: Sequence[Asset]) -> list[Listing]:
    """Return the `-USD` products of `assets`, and the delisted ones."""
    alive = [_listing(coin(asset)) for asset in assets]
    dead = [
        Listing(VENUE, Symbol(f"{name}-USD"), Asset(name), "USD", title, price, decimals, 2, 0.0, is_delisted=True)
        for name, title, price, decimals in DELISTED
        if name not in assets
    ]
    return alive + dead


def _listing(of: Coin) -> Listing:
    price_decimals, size_decimals = DECIMALS.get(of.asset, (4, 2))
    return Listing(
        VENUE, Symbol(f"{of.asset}-USD"), of.asset, "USD", of.name, of.start_price,
        price_decimals, size_decimals, of.trades_per_second,
    )  # fmt: skip


def listing_of(symbol: Symbol, price: str, price_decimals: int, size_decimals: int) -> Listing:
    """Return the listing of a recorded product."""
    base, _, quote = symbol.rpartition("-")
    name = COINS[base].name if base in COINS else base
    return Listing(VENUE, symbol, Asset(base), quote, name, price, price_decimals, size_decimals, 0.0)


def row_json(trade: MarketTrade) -> str:
    """Write one row of `market_trades`."""
    return (
        f'{{"product_id":"{trade.symbol}","trade_id":"{trade.trade_id}","price":"{trade.price}","size":"{trade.size}",'
        f'"time":"{rfc3339(trade.time_ns)}","side":"{trade.maker_side}"}}'
    )


def trades_event(kind: str, trades: Iterable[MarketTrade]) -> str:
    """Write an event of `market_trades`: `trades` come newest first."""
    return f'{{"type":"{kind}","trades":[{",".join(map(row_json, trades))}]}}'


def rest_row(trade: MarketTrade) -> dict[str, str]:
    """Shape one row of the REST ticker."""
    return {
        "trade_id": str(trade.trade_id), "product_id": trade.symbol, "price": trade.price, "size": trade.size,
        "time": rfc3339(trade.time_ns), "side": str(trade.maker_side), "bid": "", "ask": "", "exchange": "coinbase",
    }  # fmt: skip


def change_percent(tape: Tape) -> str:
    """Return how far the last price stands from the first we know, in percent."""
    return plain_text(tape.change * 100, 14)


def ticker_row(tape: Tape, *, with_quotes: bool) -> dict[str, str]:
    """Shape one row of `ticker`, or of `ticker_batch`, which lacks the quotes. It has no time of its own."""
    bid, ask = tape.best()
    row = {
        "type": "ticker", "product_id": tape.listing.symbol, "price": tape.last_price, "volume_24_h": plain_text(tape.volume, 8),
        "low_24_h": plain_text(tape.low, 8), "high_24_h": plain_text(tape.high, 8), "low_52_w": plain_text(tape.low / 2, 8),
        "high_52_w": plain_text(tape.high * 2, 8), "price_percent_chg_24_h": change_percent(tape),
    }  # fmt: skip
    if with_quotes:
        row |= {"best_bid": bid, "best_ask": ask, "best_bid_quantity": "0.02858092", "best_ask_quantity": "0.07814824"}
    return row


def product(tape: Tape, *, is_delisted: bool, is_halted: bool = False, quote: str = "USD") -> dict[str, object]:
    """Shape one product. The `-USDC` twin of a `-USD` product is an alias and trades in its book."""
    listing = tape.listing
    twin, is_alias = f"{listing.asset}-USDC", quote != listing.quote
    bid, ask = tape.best()
    return {
        "product_id": twin if is_alias else listing.symbol,
        "price": tape.last_price,
        "price_percentage_change_24h": change_percent(tape),
        "volume_24h": "" if is_delisted else plain_text(tape.volume, 8),
        "base_increment": decimal_text(1, listing.size_decimals),
        "quote_increment": decimal_text(1, listing.price_decimals),
        "base_name": listing.name, "quote_name": "USDC" if is_alias else "US Dollar",
        "watched": False, "is_disabled": False, "new": False, "status": "delisted" if is_delisted else "online",
        "cancel_only": False, "limit_only": False, "post_only": False, "trading_disabled": is_delisted or is_halted, "auction_mode": False,
        "product_type": "SPOT", "quote_currency_id": quote, "base_currency_id": listing.asset,
        "alias": listing.symbol if is_alias else "", "alias_to": [] if is_alias or listing.quote != "USD" else [twin],
        "base_display_symbol": listing.asset, "quote_display_symbol": "USD", "view_only": False,
        "price_increment": decimal_text(1, listing.price_decimals), "display_name": twin if is_alias else listing.symbol,
        "product_venue": "CBE",
        "approximate_quote_24h_volume": "" if is_delisted else plain_text(tape.quote_volume, 2),
        "best_bid_price": bid, "best_ask_price": ask,
    }  # fmt: skip
