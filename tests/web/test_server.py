import asyncio
import contextlib
import hashlib
import json
import socket
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.web.caller import Heard, Line, ask, get
from tests.web.conftest import Run
from tests.web.door import Door
from tests.web.small_app import SmallApp
from trinity_beast.clock import SystemClock
from trinity_beast.errors import TrinityError
from trinity_beast.web import HttpServer, ServerBounds

CUTS = (1, 7, 40, 65_536)


def refuse(error: TrinityError, *, status: int | None = None) -> bytes:
    body = error.code.encode()
    head = f"HTTP/1.1 {status or error.status} Refused\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body


@contextlib.asynccontextmanager
async def served(app: SmallApp, door: Door, bounds: ServerBounds | None = None) -> AsyncIterator[HttpServer]:
    """Serve what the door gives, and see at the end that every ticket was given back once."""
    server = HttpServer(app, clock=SystemClock(), refuse=refuse, bounds=bounds)
    server.serve(door)
    try:
        yield server
    finally:
        await server.stop(grace_seconds=2)
        assert server.open_connections == 0
        assert sorted(door.ended) == list(range(1, door.given + 1))


@pytest.mark.parametrize("cut", CUTS)
def test_whatever_was_read_before_a_handed_request_is_answered_and_closed(run: Run, cut: int) -> None:
    async def main() -> None:
        with Door(cut) as door:
            async with served(SmallApp(), door):
                heard = await ask(door.port, get("/a/path"))
                assert heard.status == 200
                assert heard.headers["connection"] == "close"
                assert heard.headers["date"].endswith("GMT")
                assert json.loads(heard.body)["path"] == "/a/path"

    run(main())


@pytest.mark.parametrize("cut", CUTS)
def test_a_megabyte_sent_in_chunks_arrives_whole(run: Run, cut: int) -> None:
    body = bytes(range(256)) * 4_096
    chunks = b"".join(b"%x\r\n%s\r\n" % (4_096, body[at : at + 4_096]) for at in range(0, len(body), 4_096)) + b"0\r\n\r\n"

    async def main() -> None:
        with Door(cut) as door:
            async with served(SmallApp(), door):
                heard = await ask(door.port, get("/upload", "Transfer-Encoding: chunked", method="POST") + chunks)
                assert json.loads(heard.body)["sha"] == hashlib.sha256(body).hexdigest()

    run(main())


@pytest.mark.parametrize("cut", CUTS)
def test_events_flow_until_the_caller_leaves(run: Run, cut: int) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(cut) as door:
            async with served(app, door) as server:
                line = await Line.to(door.port)
                await line.say(get("/stream"))
                head = await line.reader.readuntil(b"\r\n\r\n")
                assert b"text/event-stream" in head
                assert b"data: 2" in await line.reader.readuntil(b"data: 2")
                assert server.open_connections == 1
                await line.hang_up()
                assert await server.is_quiet_within(10)
            assert app.streams_ended == 1

    run(main())


@pytest.mark.parametrize("cut", CUTS)
def test_a_websocket_lives_on_and_carries_small_and_large_messages(run: Run, cut: int) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(cut) as door:
            async with served(app, door) as server:
                async with connect(f"ws://127.0.0.1:{door.port}/ws", proxy=None) as websocket:
                    for message in ("small", b"x" * 200_000):
                        await websocket.send(message)
                        assert await websocket.recv() == message
                    assert server.open_connections == 1
                    assert door.ended == []
                assert await server.is_quiet_within(10)
            assert app.streams_ended == 1

    run(main())


def test_requests_sent_behind_one_another_get_one_answer_and_a_clean_end(run: Run) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(65_536) as door:
            async with served(app, door):
                heard = await ask(door.port, get("/first") + get("/second"))
                assert json.loads(heard.body)["path"] == "/first"
                assert heard.headers["connection"] == "close"
            assert app.asked == 1

    run(main())


def test_the_address_the_source_tells_is_the_callers(run: Run) -> None:
    async def main() -> None:
        with Door(40, peer=("203.0.113.9", 4_711)) as door:
            async with served(SmallApp(), door):
                heard = await ask(door.port, get("/"))
                assert json.loads(heard.body)["client"] == ["203.0.113.9", 4_711]

    run(main())


def test_an_answer_given_in_the_middle_of_an_upload_is_not_lost_with_the_rest(run: Run) -> None:
    async def main() -> None:
        with Door(65_536) as door:
            async with served(SmallApp(), door):
                line = await Line.to(door.port)
                await line.say(get("/refuse", "Content-Length: 3000000", method="POST") + b"x" * 100_000)
                assert (await line.hear()).status == 413
                await line.say(b"x" * 2_900_000)
                assert await line.rest() == b""
                await line.hang_up()

    run(main())


def test_a_caller_who_goes_on_sending_for_ever_is_cut(run: Run) -> None:
    async def main() -> None:
        with Door(65_536) as door:
            async with served(SmallApp(), door, ServerBounds(linger_bytes_max=100_000, linger_seconds=30)) as server:
                line = await Line.to(door.port)
                await line.say(get("/refuse", "Content-Length: 90000000", method="POST"))
                assert (await line.hear()).status == 413
                with contextlib.suppress(ConnectionError):
                    for _ in range(1_000):
                        await line.say(b"x" * 65_536)
                assert await server.is_quiet_within(10)
                line.writer.close()

    run(main())


def test_a_caller_who_stops_sending_but_listens_is_answered(run: Run) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(65_536) as door:
            async with served(app, door) as server:
                line = await Line.to(door.port)
                await line.say(get("/slow"))
                await app.begun.get()
                line.writer.write_eof()
                assert not await server.is_quiet_within(0.1)
                app.go.set()
                assert (await line.hear()).body == b"finished"
                await line.hang_up()

    run(main())


def test_a_caller_who_left_before_being_taken_gives_its_place_back(run: Run) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(40) as door:
            async with served(app, door) as server:
                for _ in range(20):
                    caller = socket.create_connection(("127.0.0.1", door.port))
                    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                    caller.send(get("/"))
                    caller.close()
                await asyncio.to_thread(door.wait_given, 20)
                assert await server.is_quiet_within(10)

    run(main())


def test_what_is_no_http_is_refused_in_our_shape(run: Run) -> None:
    async def main() -> None:
        with Door(4) as door:
            async with served(SmallApp(), door):
                heard = await ask(door.port, b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
                assert (heard.status, heard.body) == (400, b"REQUEST_INVALID")

    run(main())


def test_headers_without_end_are_refused(run: Run) -> None:
    async def main() -> None:
        with Door(40) as door:
            async with served(SmallApp(), door):
                line = await Line.to(door.port)
                await line.say(get("/")[:-2] + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1_000) for n in range(20)))
                heard = await line.hear()
                assert (heard.status, heard.body) == (431, b"REQUEST_TOO_LARGE")
                await line.hang_up()

    run(main())


def test_a_header_that_does_not_end_in_time_is_refused_and_silence_is_closed(run: Run) -> None:
    async def main() -> None:
        with Door(40) as door:
            async with served(SmallApp(), door, ServerBounds(header_seconds=0.1)) as server:
                heard = await ask(door.port, b"GET / HTTP/1.1\r\nHost: beast\r\n")
                assert (heard.status, heard.body) == (408, b"REQUEST_TIMEOUT")
                port = await server.listen("127.0.0.1", 0)
                silent = await Line.to(port)
                assert await silent.rest() == b""
                await silent.hang_up()

    run(main())


def test_a_caller_who_never_reads_is_cut(run: Run) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(40) as door:
            async with served(app, door, ServerBounds(unsent_seconds=0.2)) as server:
                caller = socket.create_connection(("127.0.0.1", door.port))
                caller.send(get("/flood"))
                await app.begun.get()
                assert await server.is_quiet_within(10)
                caller.close()

    run(main())


def test_past_the_bound_a_connection_is_told_so(run: Run) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(65_536) as door:
            async with served(app, door, ServerBounds(connections_max=2)):
                lines = [await Line.to(door.port) for _ in range(2)]
                for line in lines:
                    await line.say(get("/slow"))
                    await app.begun.get()
                heard = await ask(door.port, get("/"))
                assert (heard.status, heard.body) == (503, b"OVERLOADED")
                app.go.set()
                for line in lines:
                    assert (await line.hear()).status == 200
                    await line.hang_up()

    run(main())


def test_a_request_in_flight_is_finished_when_the_server_stops(run: Run) -> None:
    async def main() -> None:
        app = SmallApp()
        server = HttpServer(app, clock=SystemClock(), refuse=refuse)
        port = await server.listen("127.0.0.1", 0)
        line, idle = await Line.to(port), await Line.to(port)
        await line.say(get("/slow"))
        await app.begun.get()
        stopping = asyncio.get_running_loop().create_task(server.stop(grace_seconds=10))
        assert await idle.rest() == b""
        app.go.set()
        heard = await line.hear()
        assert (heard.body, heard.headers["connection"]) == (b"finished", "close")
        assert await stopping == 0
        await line.hang_up()
        await idle.hang_up()

    run(main())


def test_an_open_websocket_is_told_that_the_service_restarts(run: Run) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(40) as door:
            async with served(app, door) as server, connect(f"ws://127.0.0.1:{door.port}/ws", proxy=None) as websocket:
                await app.begun.get()
                assert await server.stop(grace_seconds=5) == 0
                with pytest.raises(ConnectionClosed) as closed:
                    await websocket.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1012

    run(main())


def test_a_stream_without_end_is_cut_after_the_grace_and_leaves_nothing_behind(run: Run) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(40) as door:
            async with served(app, door) as server:
                line = await Line.to(door.port)
                await line.say(get("/stream"))
                await app.begun.get()
                assert await server.stop(grace_seconds=0.2) == 1
                assert app.streams_ended == 1
                line.writer.close()

    run(main())


def test_work_that_does_not_heed_its_end_is_cancelled_without_a_fault(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        app = SmallApp()
        with Door(40) as door:
            async with served(app, door) as server:
                line = await Line.to(door.port)
                await line.say(get("/slow"))
                await app.begun.get()
                assert await server.stop(grace_seconds=0.1) == 1
                assert not server.state.tasks
                line.writer.close()

    run(main())
    assert [record.getMessage() for record in caplog.records] == ["request abandoned", "connections cut"]


def test_whoever_waits_at_the_door_when_the_server_stops_is_told_so(run: Run) -> None:
    async def main() -> None:
        with Door(65_536) as door:
            server = HttpServer(SmallApp(), clock=SystemClock(), refuse=refuse)
            server.serve(door)
            line = await Line.to(door.port)
            line.writer.write(get("/"))
            # Blocks this loop on purpose: it must not take the connection before it stops.
            door.wait_given(1)
            assert await server.stop(grace_seconds=1) == 0
            heard = await line.hear()
            assert (heard.status, heard.body) == (503, b"OVERLOADED")
            await line.hang_up()
            assert door.ended == [1]

    run(main())


@pytest.mark.parametrize("cut", [1, 40])
def test_a_thousand_connections_with_split_first_bytes_are_all_answered(run: Run, cut: int) -> None:
    async def main() -> None:
        with Door(cut) as door:
            async with served(SmallApp(), door):
                turn = asyncio.Semaphore(50)

                async def one(number: int) -> Heard:
                    async with turn:
                        return await ask(door.port, get(f"/{number}"))

                heard = await asyncio.gather(*(one(number) for number in range(1_000)))
                assert [json.loads(each.body)["path"] for each in heard] == [f"/{number}" for number in range(1_000)]

    run(main())
