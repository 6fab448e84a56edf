"""REST rules at work: from an answer's bytes to the last trade it names, or to the symbols that are alive. Pure."""

import re
from collections.abc import Callable
from urllib.parse import quote

from trinity_beast.feeds.grammar.digits import DigitsRefused, Number, price_digits
from trinity_beast.feeds.grammar.placeholders import Template
from trinity_beast.feeds.grammar.rest import RestRules, RestSymbols
from trinity_beast.feeds.grammar.times import TimeRefused, time_reader
from trinity_beast.feeds.reading.codec import UNREADABLE, decoder
from trinity_beast.feeds.reading.conditions import condition
from trinity_beast.feeds.reading.getters import all_of, one_of
from trinity_beast.feeds.rest.model import LookFailed
from trinity_beast.feeds.session.texts import symbol_text
from trinity_beast.words import Symbol

TOLD_CHARACTERS_MAX = 200


def address(template: Template, symbol: Symbol) -> str:
    """Return the address that asks for one symbol. A symbol with a slash stays one part of the path."""
    return symbol_text(template, Symbol(quote(symbol, safe="")))


class AnswerReader:
    """Decodes a venue's answers and sees whether it says yes."""

    def __init__(self, rules: RestRules) -> None:
        self._decode = decoder()
        self._is_ok = condition(rules.ok) if rules.ok is not None else None
        self._error = one_of(rules.error) if rules.error is not None else None

    def read(self, body: bytes) -> object:
        """Return an answer's JSON.

        Raises:
            LookFailed: it is none (`unreadable`), or it says no (`refused`).
        """
        try:
            answer = self._decode(body)
        except UNREADABLE as error:
            raise LookFailed("unreadable", "no JSON") from error
        told = self._error(answer) if self._error is not None else None
        # Where a row has a mark of success it decides: some venues name a message on good answers too.
        is_ok = self._is_ok(answer) if self._is_ok is not None else not told
        if not is_ok:
            raise LookFailed("refused", str(told or "")[:TOLD_CHARACTERS_MAX])
        return answer


def last_trade_reader(rules: RestRules) -> Callable[[object], tuple[str, int]] | None:
    """Return the function that finds (price digits, exchange time) in an answer. It raises LookFailed.

    None where the rules name no price, or no time with it: a price of unknown age proves nothing.
    """
    wanted = rules.price
    if wanted is None or wanted.time is None or wanted.time_format is None:
        return None
    price_of, time_of, time_ns = one_of(wanted.price), one_of(wanted.time), time_reader(wanted.time_format)

    def read(answer: object) -> tuple[str, int]:
        price, time = price_of(answer), time_of(answer)
        if price is None or time is None:
            raise LookFailed("no_trade")
        try:
            return price_digits(price), time_ns(time)
        except (DigitsRefused, TimeRefused) as error:
            raise LookFailed("unreadable", f"price {price}, time {time}"[:TOLD_CHARACTERS_MAX]) from error

    return read


def alive_reader(rules: RestSymbols) -> Callable[[object], frozenset[Symbol]]:
    """Return the function that finds the symbols, as the socket spells them, that a list holds and calls alive."""
    rows, symbol_of = all_of(rules.rows), one_of(rules.symbol)
    is_alive = condition(rules.alive) if rules.alive is not None and rules.details_url is None else None
    renamed = renamer(rules.rename)

    def read(answer: object) -> frozenset[Symbol]:
        named = ((symbol_of(row), row) for row in rows(answer))
        return frozenset(
            Symbol(renamed(name))
            for name, row in named
            if isinstance(name, str) and not isinstance(name, Number) and (is_alive is None or is_alive(row))
        )

    return read


def renamer(pairs: tuple[tuple[str, str], ...]) -> Callable[[str], str]:
    """Return the function that spells a listed symbol as the socket does: `XBT/USD` becomes `BTC/USD`, `XBTC/USD` stays."""
    if not pairs:
        return str
    words = dict(pairs)
    whole = re.compile("(?<![A-Za-z0-9])(?:" + "|".join(map(re.escape, words)) + ")(?![A-Za-z0-9])")
    return lambda name: whole.sub(lambda found: words[found[0]], name)
