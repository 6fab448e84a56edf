"""The grammar of feed rows, the frame reader and the readers of lists built from a row: an operator's typing error, a venue's answer.

An input is a row as lines of `column=value`, an empty line, and a frame. A column of JSON or of a number is written as JSON,
every other as itself; what is no JSON goes in as text, for that is what somebody would type.
"""

import json
import re

from trinity_beast.feeds.grammar import FeedRow, RowInvalid, parse_row, rendered
from trinity_beast.feeds.reading import Controls, FrameReader
from trinity_beast.feeds.reading.codec import UNREADABLE, decoder
from trinity_beast.feeds.rest import Products
from trinity_beast.feeds.rest.products import prices_reader, products_reader, volumes_reader

AS_JSON = {"enabled", "symbols_per_message", "trade_match", "ping_interval_seconds", "ping_payload", "control_rules", "rest_rules"}
PLAIN_DIGITS = re.compile(r"\d+(\.\d+)?")
RECEIVED_NS = 1_795_160_400_000_000_000


def check_row(data: bytes) -> None:
    """Read a row and a frame by it, and hold both readers to what they promise."""
    head, _, frame = data.partition(b"\n\n")
    values = row_of(head.decode("utf-8", "replace"))
    try:
        row = parse_row(values)
    except RowInvalid as refusal:
        check_refusal(refusal)
        return
    assert parse_row(rendered(row)) == row, "a row survives being written down"
    check_frame(row, frame)
    check_lists(row, frame)


def row_of(text: str) -> dict[str, object]:
    """Return the columns an input names."""
    values: dict[str, object] = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        values[name] = value
        if name in AS_JSON:
            try:
                values[name] = json.loads(value)
            except (ValueError, RecursionError):
                continue
    return values


def check_refusal(refusal: RowInvalid) -> None:
    """A refused row is told with columns that exist, characters that are there, and a sentence."""
    assert refusal.faults, "a refusal says what is wrong"
    for fault in refusal.faults:
        assert fault.expected, f"{fault} says what would be right"
        assert 1 <= fault.position <= len(fault.text) + 1, f"{fault} points into its text"
    assert str(refusal)


def check_frame(row: FeedRow, frame: bytes) -> None:
    """A frame is read without an exception, the same every time, into trades that can be published."""
    reader = FrameReader(row)
    for binary in (False, True):
        read = reader.read(frame, RECEIVED_NS, 1, binary=binary)
        assert read == reader.read(frame, RECEIVED_NS, 1, binary=binary), "the same bytes mean the same always"
        for trade in [*read.trades, *read.history]:
            assert PLAIN_DIGITS.fullmatch(trade.price), f"{trade.price!r} is plain digits"
            assert trade.symbol
            assert trade.venue == row.venue
            assert 0 <= trade.exchange_time_ns < 2**63
        if read.controls is not None:
            check_words(read.controls)
        assert [trade.exchange_time_ns for trade in read.trades] == sorted(trade.exchange_time_ns for trade in read.trades)


def check_lists(row: FeedRow, body: bytes) -> None:
    """A REST answer is read without an exception, into markets that have a name and figures that are numbers."""
    rules = row.rest_rules
    try:
        answer = decoder()(body)
    except UNREADABLE:
        return
    products = Products([]) if rules.symbols is None else products_reader(rules.symbols)(answer)
    told = [prices_reader(rules.prices)(answer)] if rules.prices is not None else []
    told += [volumes_reader(rules.volume)(answer)] if rules.volume is not None else []
    for figures in told:
        products = products.with_figures(figures)
    for product in products:
        assert product.symbol, "a market has a name"
        assert products.called(product.symbol) is product, "a symbol means itself"
        assert product.price is None or PLAIN_DIGITS.fullmatch(product.price), f"{product.price!r} is plain digits"
        assert product.volume is None or (product.volume.is_finite() and product.volume >= 0), f"{product.volume} is a volume"


def check_words(controls: Controls) -> None:
    """What a venue says of its symbols names whole symbols, numbers and times of our day."""
    for word in controls.halts:
        assert word.symbol is None or isinstance(word.symbol, str)
        assert isinstance(word.is_halted, bool)
    if controls.voucher is not None:
        assert isinstance(controls.voucher.symbol, str)
        assert type(controls.voucher.number) is int
        assert 0 <= controls.voucher.time_ns < 2**63
