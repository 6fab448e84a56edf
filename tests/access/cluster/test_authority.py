"""The script inside Valkey, against its model and by what it promises."""

from collections.abc import Sequence
from typing import cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.authority import ENTRY, ModelAuthority
from trinity_beast.access.cluster.authority import LATE, SCRIPT, telling, told
from trinity_beast.storage import Valkey

FOR_EVER_US = 1 << 52
entries = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(0, 1_000),
        st.sampled_from([0.0, 250_000.0, 6e13]),
        st.integers(0, 10),
        st.floats(0.001, 1_000_000.0, allow_nan=False),
        st.integers(1, 10_000),
        st.sampled_from([0.0, 1e12, 9e15]),
    ),
    max_size=4,
    unique_by=lambda entry: entry[0],
)
calls = st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.integers(1, 5), entries), min_size=1, max_size=8)


async def _hear(
    valkey: Valkey, node: str, nodes: int, batch: bytes, *, deadline_us: int = FOR_EVER_US
) -> tuple[Sequence[object], list[bytes]]:
    call = telling(node, batch, nodes=nodes, absent_us=60_000_000, deadline_us=deadline_us)
    (answer,) = await valkey.pipeline([call])
    return call.arguments, cast("list[bytes]", answer)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=calls)
async def test_the_script_says_what_its_model_says(
    valkey: Valkey, calls: list[tuple[str, int, list[tuple[int, int, float, int, float, int, float]]]]
) -> None:
    await valkey.do("FLUSHALL")
    model = ModelAuthority()
    for node, nodes, batch in calls:
        arguments, answer = await _hear(valkey, node, nodes, b"".join(ENTRY.pack(*entry) for entry in batch))
        assert answer == model.hear(arguments, int(answer[0]))


async def test_a_call_past_its_deadline_is_not_heard(valkey: Valkey) -> None:
    _, answer = await _hear(valkey, "one", 1, ENTRY.pack(7, 5, 0.0, 0, 1_000.0, 10, 0.0), deadline_us=1)
    assert (answer[1], told(answer)) == (LATE, None)
    assert await valkey.do("DBSIZE") == 0


def _stretch(answer: object) -> float:
    heard = told(answer)
    assert heard is not None
    return heard.stretch


async def test_a_node_that_is_not_heard_slows_the_others_down(valkey: Valkey) -> None:
    _, answer = await _hear(valkey, "one", 3, b"")
    assert _stretch(answer) == 3.0
    await _hear(valkey, "two", 3, b"")
    _, answer = await _hear(valkey, "three", 1, b"")
    assert _stretch(answer) == 1.0


async def test_nothing_is_kept_for_ever(valkey: Valkey) -> None:
    await _hear(valkey, "one", 1, ENTRY.pack(7, 5, 0.0, 0, 1_000.0, 10, 0.0))
    keys = cast("list[bytes]", await valkey.do("KEYS", "*"))
    assert sorted(keys) == [b"{rate}:7", b"{rate}:nodes"]
    for key in keys:
        assert 0 < cast("int", await valkey.do("PTTL", key)) <= 86_400_000


async def test_numbers_stay_whole_to_the_microsecond(valkey: Valkey) -> None:
    _, answer = await _hear(valkey, "one", 1, ENTRY.pack(4_294_967_295, 3, 0.0, 0, 33.3333, 10, 0.0))
    heard = told(answer)
    assert heard is not None
    assert (await valkey.get("{rate}:4294967295") or b"").split()[0] == b"%d" % (heard.authority_us + 100)


def test_the_script_reads_its_time_where_it_runs() -> None:
    assert "redis.call('TIME')" in SCRIPT.source
