"""The server behind the real engine's door, and the keys it spends from."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

from websockets.asyncio.client import connect

from tests.support.engine_keys import LIVE_SECRET
from tests.web.caller import Line, ask, get
from tests.web.small_app import SmallApp
from tests.web.test_server import refuse
from trinity_beast import content, engine
from trinity_beast.clock import SystemClock
from trinity_beast.web import HttpServer

POLICY = engine.Policy(key_id=7, rate_per_second=1.0, burst=2, quota=10, quota_left=10, quota_resets_at_ns=4_000_000_000_000_000_000)


@contextlib.asynccontextmanager
async def running(spool: Path, app: SmallApp, *, handed_max: int = 1_024) -> AsyncIterator[tuple[engine.Engine, int]]:
    beast = engine.Engine(
        node="BeastMain", region="local", version="1", digest_secret=b"s" * 32, spool_directory=str(spool), threads=2,
        clock=engine.Clock.system(), limits=engine.Limits(handed_max=handed_max),
    )  # fmt: skip
    beast.set_refusals([engine.Refusal(*texts) for texts in content.refusals_for_engine()])
    port = beast.listen_http("127.0.0.1", 0)
    server = HttpServer(app, clock=SystemClock(), refuse=refuse)
    server.serve(beast.door)
    beast.start()
    try:
        yield beast, port
    finally:
        beast.stop_accepting()
        assert await server.stop(grace_seconds=2) == 0
        beast.stop(2.0)


async def test_what_the_engine_does_not_answer_is_answered_here_and_given_back(tmp_path: Path) -> None:
    async with running(tmp_path, SmallApp()) as (beast, port):
        for number in range(200):
            heard = await ask(port, get(f"/{number}"))
            assert json.loads(heard.body)["path"] == f"/{number}"
            assert heard.headers["connection"] == "close"
        body = b"x" * 1_000_000
        heard = await ask(port, get("/upload", f"Content-Length: {len(body)}", method="POST") + body)
        assert json.loads(heard.body)["bytes"] == len(body)
        counted = beast.counters.read()
        assert counted["handed_over"] == 201
        assert counted["handed_refused"] == 0


async def test_past_the_bound_the_engine_answers_and_each_place_comes_back(tmp_path: Path) -> None:
    app = SmallApp()
    async with running(tmp_path, app, handed_max=2) as (beast, port):
        for _ in range(5):
            lines = [await Line.to(port) for _ in range(2)]
            for line in lines:
                await line.say(get("/slow"))
                await app.begun.get()
            heard = await ask(port, get("/", "Connection: close"))
            assert (heard.status, json.loads(heard.body)["code"]) == (503, "OVERLOADED")
            app.go.set()
            for line in lines:
                assert (await line.hear()).status == 200
                assert await line.rest() == b""
                await line.hang_up()
            app.go.clear()
        assert beast.counters.read()["handed_refused"] == 5


async def test_a_websocket_passes_through_the_engine(tmp_path: Path) -> None:
    async with running(tmp_path, SmallApp()) as (_, port), connect(f"ws://127.0.0.1:{port}/ws", proxy=None) as websocket:
        await websocket.send(b"x" * 200_000)
        assert await websocket.recv() == b"x" * 200_000


async def test_the_engine_refuses_in_our_words(tmp_path: Path) -> None:
    async with running(tmp_path, SmallApp()) as (_, port):
        heard = await ask(port, get("/price?asset=BTC", "Connection: close"))
        told = json.loads(heard.body)
        assert (heard.status, told["code"], told["title"]) == (401, "KEY_MISSING", content.told("KEY_MISSING").title)
        assert told["errors"][0]["fix"] == content.told("KEY_MISSING").fix


async def test_keys_are_spent_from_by_the_engines_own_buckets(tmp_path: Path) -> None:
    async with running(tmp_path, SmallApp()) as (beast, _):
        assert beast.keys.take(LIVE_SECRET).code == "KEY_UNKNOWN"
        beast.keys.admit(beast.keys.digest_of(LIVE_SECRET), POLICY)
        verdicts = [beast.keys.take(LIVE_SECRET) for _ in range(3)]
        assert [(each.code, each.key_id) for each in verdicts] == [("OK", 7), ("OK", 7), ("RATE_LIMITED", 7)]
        assert dict(verdicts[0].headers)["X-RateLimit-Remaining"] == "1"
        assert verdicts[2].retry_after_seconds == 1
        assert beast.keys.take(LIVE_SECRET, in_url=True).code == "TIER_FORBIDS"
        standing = beast.keys.standing(beast.keys.digest_of(LIVE_SECRET))
        assert standing is not None
        assert (standing.tokens_left, standing.quota, standing.quota_left) == (0, 10, 10)
        assert beast.keys.charge(LIVE_SECRET).code == "OK"
        charged = beast.keys.standing(beast.keys.digest_of(LIVE_SECRET))
        assert charged is not None
        assert (charged.tokens_left, charged.quota_left) == (0, 9)
