"""Coinbase Advanced Trade's public REST."""

from aiohttp import web

from trinity_beast.lab.protocol import Desk
from trinity_beast.lab.tape import Tape
from trinity_beast.lab.venues.coinbase_rows import product, rest_row
from trinity_beast.words import Symbol

BASE = "/api/v3/brokerage/market/products"
TRADES_MAX = 1000


class CoinbaseRest:
    """The product list, one product, and a product's last trades."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses and who answers them."""
        return [
            web.get(BASE, self._products),
            web.get(f"{BASE}/{{symbol}}", self._product),
            web.get(f"{BASE}/{{symbol}}/ticker", self._ticker),
        ]

    def _tape(self, request: web.Request) -> tuple[Tape, str]:
        symbol = request.match_info["symbol"]
        base, _, quote = symbol.rpartition("-")
        tape = self._desk.tape(Symbol(symbol)) or (self._desk.tape(Symbol(f"{base}-USD")) if quote == "USDC" else None)
        if tape is None:
            raise web.HTTPNotFound(
                text='{"error":"NOT_FOUND","error_details":"valid product_id is required","message":"valid product_id is required"}',
                content_type="application/json",
            )
        return tape, quote

    def _shape(self, tape: Tape, quote: str) -> dict[str, object]:
        is_delisted = tape.listing.is_delisted or self._desk.faults.delists(tape.listing.symbol)
        return product(tape, is_delisted=is_delisted, quote=quote)

    async def _products(self, _request: web.Request) -> web.Response:
        tapes = list(self._desk.tapes())
        twins = [self._shape(tape, "USDC") for tape in tapes if tape.listing.quote == "USD"]
        products = [self._shape(tape, tape.listing.quote) for tape in tapes] + twins
        pages = {"prev_cursor": "", "next_cursor": "", "has_next": False, "has_prev": False}
        return web.json_response({"products": products, "num_products": len(products), "pagination": pages})

    async def _product(self, request: web.Request) -> web.Response:
        tape, quote = self._tape(request)
        return web.json_response(self._shape(tape, quote))

    async def _ticker(self, request: web.Request) -> web.Response:
        tape, _ = self._tape(request)
        limit = request.query.get("limit", "100")
        count = min(int(limit), TRADES_MAX) if limit.isascii() and limit.isdigit() else 100
        trades = self._desk.faults.rest_trades(tape, tape.recent(count))
        bid, ask = tape.best()
        return web.json_response({"trades": [rest_row(trade) for trade in trades], "best_bid": bid, "best_ask": ask})
