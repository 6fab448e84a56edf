"""The commands of a batch, read back by a reader of Valkey's words that shares nothing with what packs them."""

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.usage.mirror.packing import FIELDS, ROWS_A_CALL, Row, packed, word

fields = st.tuples(*[st.text(max_size=12)] * 15)
rows = st.builds(
    lambda time_us, lane, sequence, key_id, asset, told: Row(
        time_us, lane, sequence, key_id, asset, 7, "2026-11-20T12:00:00.000000Z",
        "".join(word(each) for each in (str(key_id), *told[:13], str(lane), str(sequence))),
    ),
    st.integers(0, 2**51), st.integers(0, 2**31), st.integers(0, 2**40), st.integers(0, 2**31), st.text(max_size=16), fields,
)  # fmt: skip


def commands_in(text: bytes) -> list[list[bytes]]:
    found, at = [], 0

    def number(mark: bytes) -> int:
        nonlocal at
        end = text.index(b"\r\n", at)
        assert text[at : at + 1] == mark
        value, at = int(text[at + 1 : end]), end + 2
        return value

    while at < len(text):
        words = []
        for _ in range(number(b"*")):
            length = number(b"$")
            words.append(text[at : at + length])
            assert text[at + length : at + length + 2] == b"\r\n"
            at += length + 2
        found.append(words)
    return found


@given(st.lists(rows, min_size=1, max_size=8), st.integers(1, 200))
def test_a_batch_says_each_row_its_end_and_its_indexes(several: list[Row], times: int) -> None:
    several = (several * times)[: max(len(several), times)]
    text, answers = packed(several, kept_us=93 * 86_400_000_000)
    commands = commands_in(text)
    assert len(commands) == answers
    said = []
    for each in commands:
        if each[0] == b"EVAL":
            count = int(each[2])
            assert count <= ROWS_A_CALL
            keys, arguments = each[3 : 3 + count], each[3 + count :]
            said += [(key, arguments[place * 19 : place * 19 + 19]) for place, key in enumerate(keys)]
    assert len(said) == len(several)
    for row, (key, told) in zip(several, said, strict=True):
        assert key == f"usage_logs:{row.lane}-{row.sequence}".encode()
        assert told[:3] == [row.time.encode(), b"000000000007", str(row.key_id).encode()]
        assert told[-3:-1] == [str(row.lane).encode(), str(row.sequence).encode()]
        assert int(told[-1]) == (row.time_us + 93 * 86_400_000_000) // 1_000
        assert len(told) == len(FIELDS) + 1
    indexed = {
        (each[1].decode(), member.decode(), int(score))
        for each in commands
        if each[0] == b"ZADD"
        for score, member in zip(each[2::2], each[3::2], strict=True)
    }
    assert indexed == {
        (index, f"{row.lane}-{row.sequence}", row.time_us)
        for row in several
        for index in ("usage_logs:index", f"usage_logs:key:{row.key_id}", f"usage_logs:asset:{row.asset}")
    }
