"""REST rules at work: from an answer's bytes to the last trade it names, or to the symbols that are alive or halted. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from trinity_beast.feeds.grammar.digits import DigitsRefused, Number, price_digits
from trinity_beast.feeds.grammar.paths import Path
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


@dataclass(frozen=True, slots=True)
class Listing:
    """The symbols, as the socket spells them, that a venue trades, and those that it keeps and does not trade for now."""

    alive: frozenset[Symbol]
    halted: frozenset[Symbol] = frozenset()
    quotes: Mapping[Symbol, str] = field(default_factory=dict)
    """In what each is priced, as the venue spells it in capitals, where its list says."""


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


def listing_reader(rules: RestSymbols) -> Callable[[object], Listing]:
    """Return the function that finds who is alive and who is halted in a venue's list. Alive goes before halted."""
    rows, symbol_of, renamed = all_of(rules.rows), one_of(rules.symbol), renamer(rules.rename)
    is_alive = condition(rules.alive) if rules.alive is not None else _always
    is_halted = condition(rules.halted) if rules.halted is not None else _never

    quote_of = _text_of(rules.quote)

    def read(answer: object) -> Listing:
        alive, halted, quotes = set(), set(), {}
        for row in rows(answer):
            name = symbol_of(row)
            if not isinstance(name, str) or isinstance(name, Number):
                continue
            symbol = Symbol(renamed(name))
            if is_alive(row):
                alive.add(symbol)
            elif is_halted(row):
                halted.add(symbol)
            if spelled := quote_of(row):
                quotes[symbol] = renamed(spelled)
        return Listing(frozenset(alive), frozenset(halted - alive), quotes)

    return read


def details_reader(rules: RestSymbols) -> Callable[[Symbol, object], Listing]:
    """Return the function that reads whether one symbol is alive or halted out of the answer about it."""
    is_alive = condition(rules.alive) if rules.alive is not None else _always
    is_halted = condition(rules.halted) if rules.halted is not None else _never
    quote_of = _text_of(rules.quote)

    def read(symbol: Symbol, answer: object) -> Listing:
        one: frozenset[Symbol] = frozenset([symbol])
        quotes = {symbol: spelled} if (spelled := quote_of(answer)) else {}
        if is_alive(answer):
            return Listing(one, quotes=quotes)
        return Listing(frozenset(), one if is_halted(answer) else frozenset(), quotes)

    return read


def _text_of(path: Path | None) -> Callable[[object], str]:
    """Return the function that gives the text a path leads to in capitals, or nothing."""
    if path is None:
        return lambda _: ""
    get = one_of(path)
    return lambda row: value.upper() if isinstance(value := get(row), str) and not isinstance(value, Number) else ""


def _always(_row: object) -> bool:
    return True


def _never(_row: object) -> bool:
    return False


def renamer(pairs: tuple[tuple[str, str], ...]) -> Callable[[str], str]:
    """Return the function that spells a listed symbol as the socket does: `XBT/USD` becomes `BTC/USD`, `XBTC/USD` stays."""
    if not pairs:
        return str
    words = dict(pairs)
    whole = re.compile("(?<![A-Za-z0-9])(?:" + "|".join(map(re.escape, words)) + ")(?![A-Za-z0-9])")
    return lambda name: whole.sub(lambda found: words[found[0]], name)
