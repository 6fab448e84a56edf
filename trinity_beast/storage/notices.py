"""Hearing what other programs announce in the database (LISTEN), for as long as it is wanted."""

from collections.abc import Callable
from contextlib import aclosing

import psycopg
from psycopg import sql

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.storage.addresses import database_url, libpq_url

RETRY_FIRST_SECONDS = 0.25
RETRY_MOST_SECONDS = 5.0
KEPT_ALIVE = {"keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}

_log = get_log("storage")


class Notices:
    """One connection that hears one channel. It is not of the pool, for it is never given back."""

    def __init__(self, url: str, channel: str, clock: Clock) -> None:
        self._url, self._channel, self._clock = url, channel, clock
        self._heard = False

    async def hear(self, on_notice: Callable[[str], None], *, on_open: Callable[[], None]) -> None:
        """Call `on_notice` with each payload until cancelled, connecting again whenever the line is lost.

        `on_open` is called each time a line stands: what was announced while none stood is lost, so look for it then.
        """
        pause = RETRY_FIRST_SECONDS
        while True:
            try:
                await self._hear_once(on_notice, on_open)
            except (psycopg.Error, OSError) as error:
                if self._heard:
                    _log.warning("notices lost", channel=self._channel, reason=type(error).__name__)
            pause = RETRY_FIRST_SECONDS if self._heard else min(pause * 2, RETRY_MOST_SECONDS)
            self._heard = False
            await self._clock.sleep(pause)

    async def _hear_once(self, on_notice: Callable[[str], None], on_open: Callable[[], None]) -> None:
        address = libpq_url(database_url(self._url).update_query_dict(KEPT_ALIVE))
        line = await psycopg.AsyncConnection.connect(address, autocommit=True, connect_timeout=5, application_name="trinity-beast notices")
        async with line:
            await line.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
            self._heard = True
            on_open()
            async with aclosing(line.notifies()) as notices:
                async for notice in notices:
                    on_notice(notice.payload)
