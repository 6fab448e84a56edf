import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.feeds import DOCUMENTED, VENUES, row_values
from trinity_beast.feeds.grammar import COLUMNS, Fault, RowInvalid, parse_row, rendered

JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 500), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
PROOF = {"match": {"type": "beat"}, "symbol": "s", "number": "n", "time": "t", "time_format": "unix_ms"}
LIST = {"url": "https://x/list", "rows": "[]", "symbol": "s"}


def fault_of(values: dict[str, Any]) -> Fault:
    """The one fault of a row that has one."""
    with pytest.raises(RowInvalid) as caught:
        parse_row(values)
    assert len(caught.value.faults) == 1, str(caught.value)
    return caught.value.faults[0]


@pytest.mark.parametrize("venue", VENUES)
def test_each_documented_row_is_read_and_rendered_as_it_was_written(venue: str) -> None:
    row = parse_row(DOCUMENTED[venue])
    assert rendered(row) == DOCUMENTED[venue]
    assert parse_row(rendered(row)) == row


def test_the_documented_rows_are_eleven_of_nineteen_columns() -> None:
    further = ["bitstamp", "bybit", "binance", "htx", "coinbaseexchange"]
    assert ["coinbase", "gemini", "kraken", "gateio", "cryptocom", "okx", *further] == VENUES
    assert len(COLUMNS) == 19
    assert all(tuple(row) == COLUMNS for row in DOCUMENTED.values())


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(column: str) -> None:
    values = row_values("kraken")
    del values[column]
    with pytest.raises(RowInvalid) as caught:
        parse_row(values)
    assert column in [fault.column for fault in caught.value.faults]


def test_an_unknown_control_rule_is_refused_with_what_was_probably_meant() -> None:
    values = row_values()
    values["control_rules"]["silense_seconds"] = 10
    fault = fault_of(values)
    assert fault.column == "control_rules.silense_seconds"
    assert fault.hint == "did you mean silence_seconds?"
    assert "silence_seconds" in fault.expected


def test_a_column_the_table_does_not_have_is_refused() -> None:
    assert fault_of(row_values(time_pth="x")).hint == "did you mean time_path?"


@pytest.mark.parametrize(
    ("changes", "column", "position"),
    [
        ({"venue": "Coin base"}, "venue", 1),
        ({"enabled": "yes"}, "enabled", 1),
        ({"endpoint": "https://x.y"}, "endpoint", 1),
        ({"endpoint": "wss://"}, "endpoint", 7),
        ({"frame_codec": "zip"}, "frame_codec", 1),
        ({"subscribe_template": '{"a":[{SYMBOL}]}'}, "subscribe_template", 7),
        ({"subscribe_template": '{"a":{SYMBOLS}'}, "subscribe_template", 15),
        ({"unsubscribe_template": '{"op":"leave"}'}, "unsubscribe_template", 15),
        ({"symbol_template": '"x"'}, "symbol_template", 4),
        ({"symbols_per_message": 0}, "symbols_per_message", 1),
        ({"symbols_per_message": 2.5}, "symbols_per_message", 1),
        ({"trade_match": {}}, "trade_match", 1),
        ({"trade_match": {"a..b": 1}}, "trade_match.a..b", 3),
        ({"trade_match": {"a": ">=x"}}, "trade_match.a", 3),
        ({"trade_rows_path": "^data[]"}, "trade_rows_path", 1),
        ({"price_path": "p["}, "price_path", 3),
        ({"time_format": "rfc3393"}, "time_format", 1),
        ({"ping_interval_seconds": 20}, "ping_payload", 1),
        ({"control_rules": []}, "control_rules", 1),
        ({"rest_rules": None}, "rest_rules", 1),
        ({"rest_rules": {"price": {"url": "https://x/{SYMBOL}", "price": "p", "time": "t"}}}, "rest_rules.price.time_format", 1),
        ({"control_rules": {"ack": {"match": {"a": 1}, "scope": "symbol"}}}, "control_rules.ack.symbol", 1),
        ({"control_rules": {"error": {"match": {"a": 1}, "scope": "state"}}}, "control_rules.error.scope", 1),
        ({"control_rules": {"history": {}}}, "control_rules.history", 1),
        ({"control_rules": {"replies": [{"match": {"a": 1}, "send": "{FRAME.a..b}"}]}}, "control_rules.replies[0].send", 10),
        ({"control_rules": {"reconnect_on": [{"match": {"a": 1}, "when": 3}]}}, "control_rules.reconnect_on[0].when", 1),
        ({"control_rules": {"text_frames": {"pong": "alve"}}}, "control_rules.text_frames.pong", 1),
        ({"control_rules": {"send_first": ["{NOW}"]}}, "control_rules.send_first.0", 1),
        ({"control_rules": {"status": {"match": {"a": 1}, "path": "s"}}}, "control_rules.status.ok", 1),
        ({"control_rules": {"silence_seconds": float("inf")}}, "control_rules.silence_seconds", 1),
        ({"control_rules": {"sequence": {"path": "n", "per": "venue"}}}, "control_rules.sequence.per", 1),
        ({"control_rules": {"halts": {"match": {"a": 1}}}}, "control_rules.halts", 1),
        ({"control_rules": {"halts": [{"match": {"a": 1}, "word": "s"}]}}, "control_rules.halts[0].halted", 1),
        ({"control_rules": {"halts": [{"match": {"a": 1}, "halted": ["x"]}]}}, "control_rules.halts[0].word", 1),
        ({"control_rules": {"proof": PROOF}}, "control_rules.proof", 1),
        ({"control_rules": {"proof": PROOF, "sequence": {"path": "n", "per": "connection"}}}, "control_rules.proof", 1),
        ({"control_rules": {"proof": PROOF | {"time": "t["}, "sequence": {"path": "n", "per": "symbol"}}}, "control_rules.proof.time", 3),
        ({"rest_rules": {"symbols": LIST | {"halted": {"status": "halt"}}}}, "rest_rules.symbols.alive", 1),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_column_and_character(changes: dict[str, Any], column: str, position: int) -> None:
    fault = fault_of(row_values() | changes)
    assert (fault.column, fault.position) == (column, position)
    assert fault.expected
    assert fault.found


def test_all_mistakes_of_a_row_are_told_at_once() -> None:
    with pytest.raises(RowInvalid) as caught:
        parse_row(row_values(time_format="x", price_path="a..", symbols_per_message=-1))
    assert [fault.column for fault in caught.value.faults] == ["symbols_per_message", "price_path", "time_format"]
    assert 'price_path, character 3: expected a name, found "."\n    a..\n      ^' in str(caught.value)


@settings(max_examples=300)
@given(st.sampled_from(VENUES), st.sampled_from(COLUMNS), JSON_VALUES)
def test_a_row_with_any_value_in_a_column_is_read_or_refused_by_our_error(venue: str, column: str, value: object) -> None:
    try:
        row = parse_row(row_values(venue) | {column: value})
    except RowInvalid as error:
        assert error.faults
        assert str(error)
    else:
        assert parse_row(rendered(row)) == row


@settings(max_examples=300)
@given(st.data())
def test_a_row_damaged_anywhere_is_read_or_refused_by_our_error(data: st.DataObject) -> None:
    text = json.dumps(DOCUMENTED[data.draw(st.sampled_from(VENUES))])
    place = data.draw(st.integers(0, len(text) - 1))
    piece = data.draw(st.text(alphabet=st.sampled_from(list('{}[]"|^$=.,:*!><a1 ')), max_size=2))
    damaged = text[:place] + piece + text[place + data.draw(st.integers(0, 2)) :]
    try:
        values = json.loads(damaged)
    except json.JSONDecodeError:
        return
    if isinstance(values, dict):
        try:
            parse_row(values)
        except RowInvalid as error:
            assert str(error)


@pytest.mark.parametrize("venue", VENUES)
def test_the_order_of_keys_in_a_json_column_means_nothing(venue: str) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, list):
            return [turned(item) for item in value]
        return {key: turned(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    assert parse_row(turned(DOCUMENTED[venue])) == parse_row(DOCUMENTED[venue])


def test_reading_a_row_changes_nothing_of_it() -> None:
    values = row_values("okx")
    before = copy.deepcopy(values)
    parse_row(values)
    assert values == before
