"""The commands of a batch, read back by a reader of Valkey's words that shares nothing with what packs them."""

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.usage.mirror.packing import FIELDS, Row, packed, row_of

fields = st.tuples(*[st.binary(max_size=12)] * 16, *[st.integers(0, 2**40).map(lambda number: b"%d" % number)] * 2)
rows = st.builds(lambda time_us, told: Row(time_us, int(told[16]), int(told[17]), told), st.integers(0, 2**51), fields)


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


@given(st.lists(rows, min_size=1, max_size=8))
def test_a_batch_says_each_row_its_end_and_its_indexes(several: list[Row]) -> None:
    text, answers = packed(several, kept_us=93 * 86_400_000_000)
    commands = commands_in(text)
    assert len(commands) == answers
    hashes = [each for each in commands if each[0] == b"HSET"]
    for row, said in zip(several, hashes, strict=True):
        assert said[1] == b"usage_logs:%d-%d" % (row.lane, row.sequence)
        assert dict(zip(said[2::2], said[3::2], strict=True)) == dict(zip([name.encode() for name in FIELDS], row.fields, strict=True))
    ends = [int(each[2]) for each in commands if each[0] == b"PEXPIREAT"]
    assert ends == [(row.time_us + 93 * 86_400_000_000) // 1_000 for row in several]
    indexed = {
        (each[1], member, int(score))
        for each in commands
        if each[0] == b"ZADD"
        for score, member in zip(each[2::2], each[3::2], strict=True)
    }
    assert indexed == {
        (index, b"%d-%d" % (row.lane, row.sequence), row.time_us)
        for row in several
        for index in (b"usage_logs:index", b"usage_logs:key:" + row.fields[2], b"usage_logs:asset:" + row.fields[3])
    }


def test_what_copy_escapes_is_read_back() -> None:
    told = [b"2026-11-20T12:00:00.000000Z", b"%d" % ((1 << 59) + 5), b"7", b"a\\tb", b"1", b"c\\\\d", b"e\\nf", *[b"x"] * 9, b"3", b"41"]
    row = row_of(b"\t".join([b"1795176000000000", *told]))
    assert (row.fields[3], row.fields[5], row.fields[6], row.name) == (b"a\tb", b"c\\d", b"e\nf", b"3-41")
    assert row.fields[1] == b"G00000000005"
