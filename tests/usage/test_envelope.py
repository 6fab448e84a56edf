"""What the envelope promises: what was put in comes out, and whatever else comes is told for what it is."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.usage.envelope import EnvelopeUnknown, EnvelopeUnreadable, opened, sealed
from trinity_beast.usage.model import PackedBatch, Span

BATCH = PackedBatch("BeastMain", "0f" * 16, 3, Span(41, 43), 3, b"packed bytes")
NODES = st.text("abcXYZ019._-", min_size=1, max_size=64)


def changed(**changes: object) -> str:
    message = json.loads(sealed(BATCH))
    message["payload"] |= changes
    return json.dumps(message)


SPANS = st.tuples(st.integers(1, 2**62), st.integers(0, 1 << 20)).map(lambda drawn: Span(drawn[0], sum(drawn)))


@given(NODES, st.binary(min_size=16, max_size=16), st.integers(0, 32_767), SPANS, st.binary())
def test_what_is_sealed_is_opened_as_it_was(node: str, boot: bytes, thread: int, span: Span, packed: bytes) -> None:
    batch = PackedBatch(node, boot.hex(), thread, span, span.last - span.first or 1, packed)
    message = sealed(batch)
    assert opened(message) == batch
    assert message.isascii()
    assert json.loads(message)["type"] == "usage_log"


@given(
    st.text()
    | st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(json.dumps)
)
def test_anything_else_is_told_to_be_no_envelope(message: str) -> None:
    with pytest.raises(EnvelopeUnreadable):
        opened(message)


@given(st.integers(0, len(sealed(BATCH)) - 1), st.characters(codec="ascii"))
def test_a_message_with_one_character_changed_is_never_taken_for_another_batch(place: int, character: str) -> None:
    message = sealed(BATCH)
    with suppress(EnvelopeUnreadable):
        assert opened(message[:place] + character + message[place + 1 :]).packed == BATCH.packed


@given(st.sampled_from(sorted(json.loads(sealed(BATCH))["payload"])), st.none() | st.integers(-9, 9) | st.text(max_size=5) | st.booleans())
def test_a_payload_of_another_kind_or_range_is_never_half_taken(name: str, value: Any) -> None:
    try:
        told = opened(changed(**{name: value}))
    except EnvelopeUnreadable:
        return
    assert {"node": told.node, "boot": told.boot, "thread": told.thread, "first": told.span.first, "last": told.span.last,
            "records": told.records, "version": 1}[name] == value  # fmt: skip


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (json.dumps({"type": "invoice", "payload": {"amount": 1}}), "type 'invoice'"),
        (changed(version=2), "version 2"),
    ],
)
def test_a_type_or_version_of_a_newer_program_is_told_apart(message: str, told: str) -> None:
    with pytest.raises(EnvelopeUnknown, match=told) as caught:
        opened(message)
    assert caught.value.message_type in {"invoice", "usage_log"}


@pytest.mark.parametrize(
    "changes",
    [
        {"batch": base64.b64encode(b"other bytes!").decode()},
        {"sha256": "0" * 64},
        {"records": 4},
        {"records": 0},
        {"first": 0},
        {"first": 44},
        {"last": 2**63},
        {"boot": "0F" * 16},
        {"thread": -1},
        {"node": ""},
        {"extra": 1},
        {"version": "1"},
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(EnvelopeUnreadable):
        opened(changed(**changes))


def test_a_message_longer_than_a_queue_carries_is_not_even_looked_into() -> None:
    with pytest.raises(EnvelopeUnreadable, match="more than a queue carries"):
        opened(sealed(BATCH) + " " * 1_048_576)
