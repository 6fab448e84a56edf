"""Who is expected, missing or a twin; and that nothing which lies in the cache makes a reader fail."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.ops.cluster.model import (
    Known,
    Snapshot,
    encoded,
    expected_of,
    missing_of,
    registry_of,
    remembered,
    snapshot_of,
    twins_of,
)
from trinity_beast.telemetry import Stretch

NAMES, IDS = st.sampled_from(["Main", "Mirror", "LRS"]), st.sampled_from(["a", "b", "c", "d"])
REGISTRIES = st.dictionaries(IDS, st.builds(Known, NAMES, st.just("APP_SERVER"), st.integers(1, 1_000), st.booleans()))
DAY_MS = 86_400_000
FIELDS = st.sampled_from(["cluster_node", "totals", "lately", "seconds", "counters", "kept_ms"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner),
    max_leaves=12,
)


def test_what_a_node_tells_is_read_back() -> None:
    told = Snapshot(
        "Main", "a", feeds={"kraken": "live"}, since_reset=Stretch(2.5, {"tcp_requests": 3}), latency={"http": "1 0"}, kept_ms=30_000
    )

    assert snapshot_of(encoded(told)) == told


def test_a_field_of_a_later_version_is_passed_over_and_a_missing_one_stands_at_its_default() -> None:
    assert snapshot_of(b'{"cluster_node": "Main", "weather": {"is": "fine"}}') == Snapshot("Main")


@given(st.binary(max_size=60) | st.none() | st.integers())
def test_whatever_lies_in_the_cache_is_read_or_passed_over(found: object) -> None:
    snapshot_of(found)
    registry_of([b"id", found])
    registry_of(found)


@given(JSON)
def test_whatever_json_lies_there_is_read_or_passed_over(found: object) -> None:
    try:
        text = msgspec.json.encode(found)
    except (msgspec.MsgspecError, ValueError, OverflowError, TypeError):
        return
    snapshot = snapshot_of(text)

    assert snapshot is None or isinstance(snapshot.cluster_node, str)
    assert registry_of([b"id", text]) == {} or isinstance(registry_of([b"id", text])["id"], Known)


def test_a_list_that_is_cut_off_loses_its_end_alone() -> None:
    one = encoded(Known("Main", "APP_SERVER", 5))

    assert registry_of([b"a", one, b"b"]) == {"a": Known("Main", "APP_SERVER", 5)}


@given(REGISTRIES, REGISTRIES)
def test_what_the_cache_holds_is_believed_and_what_it_lost_is_remembered(held: dict[str, Known], own: dict[str, Known]) -> None:
    known = remembered(held, own, now_ms=1_000, kept_ms=DAY_MS)

    assert known.keys() == held.keys() | own.keys()
    assert all(known[node_id] == held.get(node_id, own.get(node_id)) for node_id in known)
    assert remembered(held, known, now_ms=1_000, kept_ms=DAY_MS) == known, "to hear the same again changes nothing"


def test_a_node_that_was_not_seen_for_a_day_is_forgotten() -> None:
    held = {"a": Known("Main", "", 1_000), "b": Known("Mirror", "", 1_001)}

    assert remembered(held, {}, now_ms=DAY_MS + 1_000, kept_ms=DAY_MS) == {"b": held["b"]}


@given(REGISTRIES, st.sets(NAMES))
def test_every_name_is_found_missing_or_has_left(registry: dict[str, Known], found: set[str]) -> None:
    expected = expected_of(registry, {})
    missing = {gone.cluster_node for gone in missing_of(expected, found)}

    assert missing == {known.cluster_node for known in registry.values() if not known.has_left} - found


def test_a_node_the_database_knows_is_expected_though_it_never_told_anything() -> None:
    [gone] = missing_of(expected_of({}, {"c": "LRS"}), ["Main"])

    assert (gone.cluster_node, gone.last_seen_at_ms) == ("LRS", None)


def test_a_node_that_stopped_in_order_is_not_expected_though_the_database_has_not_heard_of_it_yet() -> None:
    assert expected_of({"c": Known("LRS", "", 5, has_left=True)}, {"c": "LRS"}) == {}


def test_two_living_nodes_of_one_name_are_twins_and_a_node_that_got_a_new_folder_is_none() -> None:
    at_once = {"a": Known("Main", "", 100_000), "b": Known("Main", "", 97_000), "c": Known("LRS", "", 100_000)}

    assert twins_of(at_once, within_ms=30_000) == ["Main"]
    assert twins_of(at_once | {"b": Known("Main", "", 60_000)}, within_ms=30_000) == []
    assert twins_of(at_once | {"b": Known("Main", "", 97_000, has_left=True)}, within_ms=30_000) == []
