import json

import pytest

from tests.support.feeds import NOW_NS, VENUES, feed_row
from trinity_beast.feeds.grammar.digits import Number
from trinity_beast.feeds.grammar.placeholders import PLACEHOLDERS, parse_template
from trinity_beast.feeds.session.texts import message_text, reply_text, request_text
from trinity_beast.words import Symbol

DOCUMENTED = {
    "coinbase": ("BTC-USD", '{"type":"subscribe","channel":"market_trades","product_ids":["BTC-USD"]}'),
    "gemini": ("btcusd", '{"id":"7","method":"subscribe","params":["btcusd@trade"]}'),
    "kraken": ("BTC/USD", '{"method":"subscribe","params":{"channel":"trade","snapshot":false,"symbol":["BTC/USD"]},"req_id":7}'),
    "gateio": ("BTC_USDT", '{"time":1795160400,"channel":"spot.trades","event":"subscribe","payload":["BTC_USDT"]}'),
    "cryptocom": ("BTC_USD", '{"id":7,"method":"subscribe","params":{"channels":["trade.BTC_USD"]}}'),
    "okx": ("BTC-USDT", '{"op":"subscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}'),
    "bitstamp": ("btcusd", '{"event":"bts:subscribe","data":{"channel":"live_trades_btcusd"}}'),
    "bybit": ("BTCUSDT", '{"op":"subscribe","args":["publicTrade.BTCUSDT"]}'),
    "binance": ("BTCUSDT", '{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":7}'),
    "coinbaseexchange": ("BTC-USD", '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["matches","heartbeat"]}'),
    "htx": ("btcusdt", '{"sub":"market.btcusdt.trade.detail","id":"7"}'),
}


@pytest.mark.parametrize("venue", VENUES)
def test_a_subscription_is_written_as_the_venue_documents_it(venue: str) -> None:
    row, (symbol, text) = feed_row(venue), DOCUMENTED[venue]
    assert request_text(row.subscribe_template, row.symbol_template, [Symbol(symbol)], message_id=7, wall_ns=NOW_NS) == text


@pytest.mark.parametrize("venue", [venue for venue in VENUES if feed_row(venue).symbols_per_message > 1])
def test_many_symbols_make_one_json_message(venue: str) -> None:
    row = feed_row(venue)
    for template in (row.subscribe_template, row.unsubscribe_template):
        assert json.loads(request_text(template, row.symbol_template, [Symbol("A"), Symbol("B")], message_id=7, wall_ns=NOW_NS))


def test_times_and_numbers_are_filled_in() -> None:
    template = parse_template("{ID} {NOW_S} {NOW_MS}", allowed=PLACEHOLDERS)
    assert message_text(template, message_id=3, wall_ns=NOW_NS + 5_999_999) == f"3 {NOW_NS // 10**9} {NOW_NS // 10**6 + 5}"


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ('{"a":{FRAME.v}}', 12345678901234567890, '{"a":12345678901234567890}'),
        ('{"a":{FRAME.v}}', Number("1.50"), '{"a":1.50}'),
        ('{"a":{FRAME.v}}', 'x"y', '{"a":"x\\"y"}'),
        ('{"a":"{FRAME.v}"}', 'x"y', '{"a":"x\\"y"}'),
        ('{"a":{FRAME.v}}', True, '{"a":true}'),
        ('{"a":{FRAME.v}}', None, '{"a":null}'),
        ('{"a":{FRAME.v}}', {"no": 1}, '{"a":null}'),
    ],
)
def test_a_value_of_the_frame_is_copied_literally(template: str, value: object, text: str) -> None:
    parsed = parse_template(template, allowed=PLACEHOLDERS)
    assert reply_text(parsed, {"v": value}, message_id=1, wall_ns=NOW_NS) == text
