"""Which commands reach Valkey, and that nothing secret comes back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from tests.support.randomness import SeededSecrets
from tests.support.valkey import ValkeyServerOfATest
from trinity_beast.audit import Audit, Signature, Sought
from trinity_beast.clock import SystemClock
from trinity_beast.ops import CacheDesk, Confirmations
from trinity_beast.ops.consoles.allowed import ALLOWED, SECRET_PREFIXES, expect_allowed, shown
from trinity_beast.ops.consoles.errors import CacheCommandRefused, CacheKeyRefused, CacheNone, ConfirmationWrong
from trinity_beast.storage import Database, DependencyAway, Valkey

BY = Signature("Ada")


NOWHERE = """SET a b|CONFIG GET requirepass|EVAL x 0|KEYS *|FLUSHALL|SLOWLOG GET|CLIENT LIST|ACL LIST|DEBUG x|SHUTDOWN|MONITOR
SUBSCRIBE x|PUBLISH a b|DUMP a|RESTORE a 0 x|COPY a b|RENAME a b|OBJECT FREQ a|SORT a GET b|GETDEL a|RANDOMKEY|get"""


@pytest.mark.parametrize("command", NOWHERE.replace("\n", "|").split("|"))
def test_whatever_is_not_named_is_refused(command: str) -> None:
    with pytest.raises(CacheCommandRefused):
        expect_allowed(command.split(), may_change=True)


@pytest.mark.parametrize("command", ["DEL a", "unlink a b", "EXPIRE a 1"])
def test_what_removes_has_to_be_asked_for(command: str) -> None:
    with pytest.raises(CacheCommandRefused):
        expect_allowed(command.split(), may_change=False)
    assert expect_allowed(command.split(), may_change=True).changes


@given(st.sampled_from(sorted(ALLOWED)), st.lists(st.text(max_size=5) | st.just("apikey:00"), max_size=8))
def test_no_command_is_about_a_secret_name_whatever_its_arguments(name: str, arguments: list[str]) -> None:
    try:
        allowed = expect_allowed([name, *arguments], may_change=True)
    except (CacheCommandRefused, CacheKeyRefused):
        return
    keys = {"first": arguments[:1], "all": arguments, "none": []}[allowed.keys]
    assert not any(key.startswith(SECRET_PREFIXES) for key in keys)
    assert allowed.least <= len(arguments) <= allowed.most


@pytest.mark.parametrize(
    "command", ["SCAN 0 COUNT 1001", "SCAN 0 COUNT 0", "SCAN 0 COUNT x", "SCAN 0 MATCH", "SCAN 0 NOVALUES x", "HSCAN a 0 STORE b", "SCAN"]
)
def test_a_scan_is_bounded(command: str) -> None:
    with pytest.raises(CacheCommandRefused):
        expect_allowed(command.split(), may_change=False)


async def test_it_asks_a_real_valkey(database: Database, valkey: Valkey) -> None:
    desk = CacheDesk(database, valkey, SystemClock())
    await valkey.pipeline([("SET", "price:BTC", "1"), ("HSET", "h", "f", b"\xff\x00"), ("SADD", "s", "x")])

    async def ask(*command: str) -> object:
        answer, milliseconds = await desk.ask(command, may_write=False, by=BY)
        assert milliseconds >= 0
        return json.loads(json.dumps(answer))

    assert await ask("get", "price:BTC") == "1"
    assert await ask("GET", "none") is None
    assert await ask("HGETALL", "h") == ["f", "\\xff\x00"]
    assert await ask("SMEMBERS", "s") == ["x"]
    assert await ask("DBSIZE") == 3
    assert "redis_version" in str(await ask("INFO", "server"))
    assert (await desk.ask(("DEL", "s"), may_write=True, by=BY))[0] == 1
    assert await ask("EXISTS", "s", "h") == 1
    entries = await Audit(database).entries(Sought(kind="console"))
    assert [entry.after for entry in entries[:2]] == [{"command": ["EXISTS", "s", "h"]}, {"command": ["DEL", "s"]}]
    assert entries[1].action == "written"


async def test_names_made_of_digests_are_not_told_nor_how_many_there_are(database: Database, valkey: Valkey) -> None:
    desk = CacheDesk(database, valkey, SystemClock())
    await valkey.pipeline([("SET", f"apikey:{number:064x}", "sealed") for number in range(50)] + [("SET", "price:BTC", "1")])

    for pattern in ("*", "apikey:*", "apikey:0*", "?pikey:*"):
        answer, _ = await desk.ask(("SCAN", "0", "MATCH", pattern, "COUNT", "1000"), may_write=False, by=BY)
        assert answer == ["0", ["price:BTC"] if pattern == "*" else []]
    for command in (
        ("GET", "apikey:00"),
        ("MGET", "price:BTC", "apikey:00"),
        ("EXISTS", "apikey:00"),
        ("TTL", "apikey:00"),
        ("DEL", "apikey:00"),
    ):
        with pytest.raises(CacheKeyRefused):
            await desk.ask(command, may_write=True, by=BY)


async def test_what_is_too_large_to_tell_is_refused_before_it_is_fetched(database: Database, valkey: Valkey) -> None:
    desk = CacheDesk(database, valkey, SystemClock())
    await valkey.do("SET", "large", b"x" * 1_000_001)

    with pytest.raises(CacheCommandRefused, match="1,000,001"):
        await desk.ask(("GET", "large"), may_write=False, by=BY)


async def test_where_there_is_none_or_it_is_away_that_is_said(database: Database, own_valkey: ValkeyServerOfATest) -> None:
    with pytest.raises(CacheNone):
        await CacheDesk(database, None, SystemClock()).ask(("PING",), may_write=False, by=BY)
    away = Valkey(own_valkey.url, clock=SystemClock())
    own_valkey.kill()
    with pytest.raises(DependencyAway):
        await CacheDesk(database, away, SystemClock()).ask(("PING",), may_write=False, by=BY)
    await away.close()


def test_an_answer_of_another_shape_is_told_as_it_is() -> None:
    assert shown("SCAN", None) is None
    assert shown("GET", b"apikey:x") == "apikey:x"


def test_a_token_ends_with_its_five_minutes_and_no_crowd_fills_the_memory() -> None:
    clock = ManualClock()
    confirmations = Confirmations(SeededSecrets(), clock)
    first = confirmations.give(["SELECT 1"])
    late = confirmations.give(["SELECT 2"])
    confirmations.take(first, ["SELECT 1"])

    clock.advance(301)

    for token, statement in ((first, "SELECT 1"), (late, "SELECT 2")):
        with pytest.raises(ConfirmationWrong):
            confirmations.take(token, [statement])
    oldest = confirmations.give(["SELECT 3"])
    for _ in range(100):
        confirmations.give(["SELECT 4"])
    with pytest.raises(ConfirmationWrong):
        confirmations.take(oldest, ["SELECT 3"])
    assert confirmations.give(["a", "b"])
    with pytest.raises(ConfirmationWrong):
        confirmations.take(confirmations.give(["a", "b"]), ["ab"])
