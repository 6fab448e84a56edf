"""How parameters lie in the shared cache: what is written is read, and nothing that lies there does harm."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.parameters.cached import PROFILE, SET, VERSION, fields_of, settled_of
from trinity_beast.parameters.settled import Settled

NAMES = st.from_regex(r"[a-z]{1,9}(_[a-z]{1,9}){0,2}", fullmatch=True)
VALUES = st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40)
BYTES = st.none() | st.binary(max_size=40) | st.sampled_from([b"7", b"{}", b"[]", b"stress", b'{"a": [1]}', b'{"a": 1}', b"[" * 5_000])


@given(st.integers(0, 10**17), st.dictionaries(NAMES, VALUES, max_size=6), st.sampled_from(["", "stress", "udp-nlb"]))
def test_what_is_written_is_read(version: int, values: dict[str, Any], profile: str) -> None:
    fields = fields_of(Settled(version, values, profile), values)
    assert settled_of([fields[name].encode() for name in (VERSION, PROFILE, SET)]) == Settled(version, values, profile)
    assert {name: json.loads(fields[name]) for name in values} == values


@given(st.tuples(BYTES, BYTES, BYTES))
def test_whatever_lies_there_is_read_or_left(fields: tuple[bytes | None, ...]) -> None:
    found = settled_of(fields)
    assert found is None or all(isinstance(value, bool | int | float | str) for value in found.values.values())
