"""Hearing what is told in the shared cache, through the server's death and return."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.processes import wait_until
from tests.support.valkey import ANSWER_SECONDS, ValkeyServerOfATest
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Broadcasts, Valkey


class Ear:
    """Collects what a line brings, to be waited for."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._opened: asyncio.Queue[None] = asyncio.Queue()
        self._lost: asyncio.Queue[None] = asyncio.Queue()

    async def next(self) -> tuple[str, bytes]:
        return await asyncio.wait_for(self._heard.get(), ANSWER_SECONDS)

    async def opened(self) -> None:
        await asyncio.wait_for(self._opened.get(), ANSWER_SECONDS)

    async def lost(self) -> None:
        await asyncio.wait_for(self._lost.get(), ANSWER_SECONDS)

    @asynccontextmanager
    async def hearing(self, broadcasts: Broadcasts) -> AsyncIterator[None]:
        task = asyncio.create_task(
            broadcasts.hear(
                lambda channel, message: self._heard.put_nowait((channel, message)),
                on_open=lambda: self._opened.put_nowait(None),
                on_lost=lambda: self._lost.put_nowait(None),
            )
        )
        try:
            await self.opened()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_everybody_who_hears_a_channel_gets_each_message(valkey: Valkey, valkey_url: str) -> None:
    first, second = Ear(), Ear()
    async with (
        first.hearing(Broadcasts(valkey_url, ["a", "b"], SystemClock())),
        second.hearing(Broadcasts(valkey_url, ["b"], SystemClock())),
    ):
        assert await valkey.publish("a", "one") == 1
        assert await valkey.publish("b", b"\xff") == 2
        assert await valkey.publish("c", "unheard") == 0
        assert [await first.next(), await first.next()] == [("a", b"one"), ("b", b"\xff")]
        assert await second.next() == ("b", b"\xff")


async def test_a_lost_line_is_told_and_taken_up_again(own_valkey: ValkeyServerOfATest) -> None:
    ear = Ear()
    async with ear.hearing(Broadcasts(own_valkey.url, ["a"], SystemClock())):
        own_valkey.restart()
        await ear.lost()
        await ear.opened()
        own_valkey.say("PUBLISH", "a", "again")
        assert await ear.next() == ("a", b"again")


async def test_a_frozen_server_is_noticed_and_found_again(own_valkey: ValkeyServerOfATest) -> None:
    ear = Ear()
    async with ear.hearing(Broadcasts(own_valkey.url, ["a"], SystemClock(), silence_seconds=0.1, connect_seconds=0.5)):
        own_valkey.freeze()
        await ear.lost()
        own_valkey.thaw()
        await ear.opened()
        own_valkey.say("PUBLISH", "a", "again")
        assert await ear.next() == ("a", b"again")


async def test_silence_alone_is_no_loss(own_valkey: ValkeyServerOfATest) -> None:
    ear = Ear()
    async with ear.hearing(Broadcasts(own_valkey.url, ["a"], SystemClock(), silence_seconds=0.02)):
        await asyncio.to_thread(wait_until, lambda: b"cmd=ping" in own_valkey.say("CLIENT", "LIST"), "a question after silence")
        own_valkey.say("PUBLISH", "a", "still here")
        assert await ear.next() == ("a", b"still here")
        assert ear._lost.empty()
