"""Hearing what is told in the shared cache (SUBSCRIBE), for as long as it is wanted."""

import asyncio
from collections.abc import Callable, Sequence

from valkey.asyncio.connection import AbstractConnection
from valkey.exceptions import ValkeyError

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.randomness import Dice
from trinity_beast.randomness import dice as own_dice
from trinity_beast.storage.cache_address import cache_address
from trinity_beast.storage.valkey_lines import line_to, reason_of

RETRY_FIRST_SECONDS = 0.1
RETRY_MOST_SECONDS = 5.0

_log = get_log("storage")


class Broadcasts:
    """One connection that hears some channels. It is not of the pool, for it is never given back."""

    def __init__(
        self,
        url: str,
        channels: Sequence[str],
        clock: Clock,
        *,
        dice: Dice | None = None,
        connect_seconds: float = 2.0,
        silence_seconds: float = 5.0,
    ) -> None:
        assert channels, "there is something to hear"
        self._channels, self._clock, self._dice = tuple(channels), clock, dice or own_dice()
        self._connect_seconds, self._silence_seconds = connect_seconds, silence_seconds
        self._address = cache_address(url)
        self._stood = False

    async def hear(
        self, on_message: Callable[[str, bytes], None], *, on_open: Callable[[], None], on_lost: Callable[[], None] | None = None
    ) -> None:
        """Call `on_message` with channel and message of each until cancelled, connecting again whenever the line is lost.

        `on_open` is called each time every channel is heard: what was told while none was is lost for us, so look for it
        then. `on_lost` is called once for each line that stood and fell: from there to the next `on_open` nothing is heard.
        A line is given up when the server, asked after `silence_seconds` of silence, stays silent as long again.
        """
        pause = RETRY_FIRST_SECONDS
        while True:
            reason = ""
            try:
                await self._hear_once(on_message, on_open)
            except (ValkeyError, OSError) as error:
                reason = reason_of(error)
            if self._stood:
                _log.warning("broadcasts lost", channels=self._channels, reason=reason)
                pause = RETRY_FIRST_SECONDS
                if on_lost is not None:
                    on_lost()
            self._stood = False
            # A server that comes back must not see every node return at once.
            await self._clock.sleep(self._dice.uniform(pause / 2, pause))
            pause = min(pause * 2, RETRY_MOST_SECONDS)

    async def _hear_once(self, on_message: Callable[[str, bytes], None], on_open: Callable[[], None]) -> None:
        line = line_to(self._address, self._connect_seconds)
        try:
            async with asyncio.timeout(self._connect_seconds):
                await line.connect()  # type: ignore[no-untyped-call]  # The driver's gap.
                await line.send_command("SUBSCRIBE", *self._channels)
                for _ in self._channels:
                    await line.read_response()
            self._stood = True
            on_open()
            while True:
                message = await self._next(line)
                if isinstance(message, list) and len(message) == 3 and message[0] == b"message":
                    on_message(message[1].decode(), message[2])
        finally:
            await line.disconnect(nowait=True)

    async def _next(self, line: AbstractConnection) -> object:
        """Return what comes next, or None for a silence the server has answered for."""
        heard: object = await line.read_response(timeout=self._silence_seconds)
        if heard is None:
            await line.send_command("PING")
            heard = await line.read_response(timeout=self._silence_seconds)
            if heard is None:
                raise TimeoutError("the server is silent")
        return heard
