"""A row pointed at the lab is the same row at other addresses."""

from trinity_beast.lab import LabAddresses, row_for_lab

ADDRESSES = LabAddresses(ws_url="ws://127.0.0.1:4001/", rest_url="http://127.0.0.1:4002")
ROW: dict[str, object] = {
    "venue": "kraken",
    "endpoint": "wss://ws.kraken.com/v2?a=1",
    "silence_seconds": 10,
    "rest_rules": {
        "price": {"url": "https://api.kraken.com/0/public/Trades?pair={SYMBOL}", "price": "result{}[-1][0]"},
        "symbols": [{"url": "https://api.kraken.com/0/public/AssetPairs"}],
        "requests_per_second": 1,
    },
}


def test_only_schemes_and_hosts_change() -> None:
    assert row_for_lab(ROW, ADDRESSES) == {
        "venue": "kraken",
        "endpoint": "ws://127.0.0.1:4001/v2?a=1",
        "silence_seconds": 10,
        "rest_rules": {
            "price": {"url": "http://127.0.0.1:4002/0/public/Trades?pair={SYMBOL}", "price": "result{}[-1][0]"},
            "symbols": [{"url": "http://127.0.0.1:4002/0/public/AssetPairs"}],
            "requests_per_second": 1,
        },
    }


def test_the_given_row_is_left_as_it_was() -> None:
    before = repr(ROW)
    row_for_lab(ROW, ADDRESSES)
    assert repr(ROW) == before
