"""Coinbase Advanced Trade's public REST."""

from collections.abc import Mapping

from trinity_beast.lab.protocol import VenueProtocol
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler, RestRefused
from trinity_beast.lab.tape import Tape
from trinity_beast.lab.venues.coinbase_rows import product, rest_row
from trinity_beast.words import Symbol

BASE = "/api/v3/brokerage/market/products"
TRADES_MAX = 1000
NOT_FOUND = {"error": "NOT_FOUND", "error_details": "valid product_id is required", "message": "valid product_id is required"}


class CoinbaseRest:
    """The product list, one product, and a product's last trades."""

    def __init__(self, protocol: VenueProtocol) -> None:
        self._desk = protocol.desk

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses and who answers them."""
        return {BASE: self._products, f"{BASE}/{{symbol}}": self._product, f"{BASE}/{{symbol}}/ticker": self._ticker}

    def _tape(self, ask: RestAsk) -> tuple[Tape, str]:
        symbol = ask.text("symbol")
        base, _, quote = symbol.rpartition("-")
        tape = self._desk.tape(Symbol(symbol)) or (self._desk.tape(Symbol(f"{base}-USD")) if quote == "USDC" else None)
        if tape is None:
            raise RestRefused(RestAnswer(NOT_FOUND, 404))
        return tape, quote

    def _shape(self, tape: Tape, quote: str) -> dict[str, object]:
        is_delisted = tape.listing.is_delisted or self._desk.faults.delists(tape.listing.symbol)
        is_halted = self._desk.faults.halts(tape.listing.symbol)
        return product(tape, is_delisted=is_delisted, is_halted=is_halted, quote=quote)

    def _products(self, _ask: RestAsk) -> object:
        tapes = list(self._desk.tapes())
        twins = [self._shape(tape, "USDC") for tape in tapes if tape.listing.quote == "USD"]
        products = [self._shape(tape, tape.listing.quote) for tape in tapes] + twins
        pages = {"prev_cursor": "", "next_cursor": "", "has_next": False, "has_prev": False}
        return {"products": products, "num_products": len(products), "pagination": pages}

    def _product(self, ask: RestAsk) -> object:
        return self._shape(*self._tape(ask))

    def _ticker(self, ask: RestAsk) -> object:
        tape, _ = self._tape(ask)
        trades = self._desk.rest_trades(tape, ask.count("limit", default=100, most=TRADES_MAX))
        bid, ask_price = tape.best()
        return {"trades": [rest_row(trade) for trade in trades], "best_bid": bid, "best_ask": ask_price}
