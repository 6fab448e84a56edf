"""An answer that is made while it is sent, of something that is held open meanwhile, such as a look at the database."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from trinity_beast.web.headers import raw


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer's head and the parts of its body. The parts are closed in any case, whether or not all of them were sent."""

    headers: Sequence[tuple[str, str]]
    parts: AsyncGenerator[bytes, None]
    status: int = 200


class Streamed(Response):
    """Opens something, sends what it says, and closes it: at the end, or as soon as the caller is gone.

    Nothing is sent before the first part is there: until then it can be refused like anything else.
    """

    def __init__(self, opened: AbstractAsyncContextManager[Stream]) -> None:
        super().__init__()
        self._opened = opened

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        async with self._opened as stream, aclosing(stream.parts) as parts:
            gone = asyncio.get_running_loop().create_task(_gone(receive))
            try:
                await self._send(stream, parts, gone, send)
            finally:
                gone.cancel()
                await asyncio.gather(gone, return_exceptions=True)

    async def _send(self, stream: Stream, parts: AsyncGenerator[bytes, None], gone: asyncio.Task[None], send: Send) -> None:
        part = await anext(parts, b"")
        await send({"type": "http.response.start", "status": stream.status, "headers": raw(stream.headers)})
        if part:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        async for part in parts:
            # The server takes what is sent to nobody without a word, so we have to look.
            if gone.done():
                return
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    """Return once the caller is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
