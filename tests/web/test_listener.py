"""What is promised at a port of the server's own, where connections are kept."""

import contextlib
import json

import pytest

from tests.web.caller import Line, ask, get
from tests.web.conftest import Run
from tests.web.small_app import SmallApp
from tests.web.test_server import refuse
from trinity_beast.clock import SystemClock
from trinity_beast.web import HttpServer


def test_a_listener_of_our_own_keeps_connections_alive_until_told_to_close(run: Run) -> None:
    async def main() -> None:
        server = HttpServer(SmallApp(), clock=SystemClock(), refuse=refuse)
        port = await server.listen("127.0.0.1", 0)
        line = await Line.to(port)
        for path in ("/one", "/two", "/three"):
            await line.say(get(path))
            heard = await line.hear()
            assert json.loads(heard.body)["path"] == path
            assert "connection" not in heard.headers
        await line.say(get("/four", "Connection: close"))
        assert (await line.hear()).headers["connection"] == "close"
        assert await line.rest() == b""
        await line.hang_up()
        assert await server.stop(grace_seconds=1) == 0
        with pytest.raises(ConnectionRefusedError):
            await Line.to(port)

    run(main())


async def is_cut(line: Line) -> bool:
    with contextlib.suppress(ConnectionResetError):
        try:
            return await line.rest() == b""
        finally:
            await line.hang_up()
    return True


def test_whoever_is_blocked_is_cut_off_unanswered_at_the_door_and_at_the_next_request(run: Run) -> None:
    async def main() -> None:
        app, blocked = SmallApp(), set[str]()
        server = HttpServer(app, clock=SystemClock(), refuse=refuse, is_blocked=blocked.__contains__)
        port = await server.listen("127.0.0.1", 0)
        line = await Line.to(port)
        await line.say(get("/before"))
        assert (await line.hear()).status == 200
        blocked.add("127.0.0.1")
        await line.say(get("/after"))
        assert await is_cut(line)
        assert await is_cut(await Line.to(port))
        assert await server.is_quiet_within(10)
        blocked.clear()
        assert (await ask(port, get("/again", "Connection: close"))).status == 200
        await server.stop(grace_seconds=1)

    run(main())
