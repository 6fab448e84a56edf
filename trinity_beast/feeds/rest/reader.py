"""A row's REST rules at work, and what was read of the venue's lists by them."""

from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.rest.reading import AnswerReader, Listing, last_trade_reader
from trinity_beast.words import Symbol


class RestReader:
    """Reads one venue's REST by one row. A row that is tried has a reader of its own beside the one in use."""

    def __init__(self, row: FeedRow) -> None:
        rules = row.rest_rules
        self.row, self.price = row, rules.price
        self.read, self.last_trade = AnswerReader(rules).read, last_trade_reader(rules)
        self.symbols = rules.symbols if rules.symbols is not None and rules.symbols.alive is not None else None
        self.listings: dict[Symbol | None, tuple[int, Listing]] = {}

    @property
    def can_look(self) -> bool:
        """Return whether the row says how to see a symbol's last trade with its time."""
        return self.row.enabled and self.last_trade is not None

    def quote_of(self, symbol: Symbol) -> str:
        """Return in what a symbol is priced by the list read last, as the venue spells it in capitals; nothing where it does not say."""
        found = self.listings.get(None) or self.listings.get(symbol)
        return found[1].quotes.get(symbol, "") if found is not None else ""
