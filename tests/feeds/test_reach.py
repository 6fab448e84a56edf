import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from trinity_beast.feeds import any_reached


@pytest.fixture
async def listening() -> AsyncIterator[int]:
    """The port of a listener that says nothing."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def refusing() -> int:
    """A port nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


async def test_one_venue_that_takes_a_connection_is_enough(listening: int, refusing: int) -> None:
    assert await any_reached([f"ws://127.0.0.1:{refusing}/v2", f"ws://127.0.0.1:{listening}"], seconds=5)


async def test_when_every_venue_refuses_it_is_known_at_once(refusing: int) -> None:
    assert not await any_reached([f"ws://127.0.0.1:{refusing}"] * 3, seconds=60)


async def test_a_name_that_does_not_exist_is_no_venue() -> None:
    assert not await any_reached(["wss://venue.invalid/ws"], seconds=60)


async def test_something_that_is_no_tls_server_does_not_pass_for_one(listening: int) -> None:
    assert not await any_reached([f"wss://127.0.0.1:{listening}"], seconds=60)


async def test_without_any_venue_none_is_reached() -> None:
    assert not await any_reached([], seconds=60)
