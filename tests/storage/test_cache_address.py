"""What the address of a cache may look like."""

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.storage import CacheAddress, CacheAddressInvalid, cache_address

HIDDEN = "correct-horse"


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("valkey://cache", CacheAddress(host="cache"), "valkey://cache:6379/0"),
        ("redis://cache:7000/3", CacheAddress(host="cache", port=7000, database=3), "valkey://cache:7000/3"),
        ("valkey://cache?db=4", CacheAddress(host="cache", database=4), "valkey://cache:6379/4"),
        ("rediss://cache/?ca=/etc/ca.pem", CacheAddress(host="cache", is_encrypted=True, ca_file="/etc/ca.pem"), "valkeys://cache:6379/0"),
        ("valkey://:p%40ss@[::1]:7000/", CacheAddress(host="::1", port=7000, password="p@ss"), "valkey://[::1]:7000/0"),
        ("valkeys://me:p%23@cache", CacheAddress(host="cache", username="me", password="p#", is_encrypted=True), "valkeys://cache:6379/0"),
        ("unix:///run/valkey.sock?db=2", CacheAddress(path="/run/valkey.sock", database=2), "unix:///run/valkey.sock?db=2"),
    ],
)
def test_every_way_to_write_the_address_of_a_valkey_is_read(text: str, address: CacheAddress, shown: str) -> None:
    assert cache_address(text) == address
    assert str(address) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cache:6379",
        f"postgresql://me:{HIDDEN}@cache/0",
        f"valkey://{HIDDEN}@cache",
        f"valkey://:{HIDDEN}@",
        f"valkey://:{HIDDEN}@cache:port",
        f"valkey://:{HIDDEN}@cache:0",
        f"valkey://:{HIDDEN}@cache:70000",
        f"valkey://:{HIDDEN}@cache/zero",
        f"valkey://:{HIDDEN}@cache/-1",
        f"valkey://:{HIDDEN}@cache/1?db=1",
        f"valkey://:{HIDDEN}@cache?ca=/etc/ca.pem",
        f"valkey://:{HIDDEN}@cache?db=1&db=2",
        f"valkey://:{HIDDEN}@cache?timeout=9",
        f"valkey://:#{HIDDEN}@cache",
        f"valkey://:{HIDDEN}@ca che",
        f"valkey://:{HIDDEN}@cache\n",
        f"unix://:{HIDDEN}@run/valkey.sock",
        "unix://",
    ],
)
def test_any_other_address_is_refused_and_its_password_never_told(text: str) -> None:
    with pytest.raises(CacheAddressInvalid) as refusal:
        cache_address(text)
    assert refusal.value.facts["reason"]
    assert HIDDEN not in "".join(traceback.format_exception(refusal.value))


def test_a_password_is_in_no_text_of_the_address() -> None:
    address = cache_address(f"valkey://me:{HIDDEN}@cache")
    assert HIDDEN not in f"{address} {address!r}"


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda rest: f"valkey://{rest}"))
def test_whatever_is_given_is_an_address_or_a_clear_refusal(text: str) -> None:
    try:
        address = cache_address(text)
    except CacheAddressInvalid:
        return
    assert cache_address(str(address)) == CacheAddress(
        host=address.host, port=address.port, path=address.path, database=address.database, is_encrypted=address.is_encrypted
    )
