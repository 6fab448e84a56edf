"""The Python HTTP server: it answers the connections the engine gives away, and listens on ports of its own."""

import asyncio
import os
import socket
from collections.abc import Callable
from email.utils import formatdate

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.web.bounds import ServerBounds
from trinity_beast.web.connection import HttpConnection, Origin, Refuse
from trinity_beast.web.errors import Overloaded
from trinity_beast.web.source import ConnectionSource, HandedConnection

LOG = get_log("web")
_SECONDS_AFTER_GRACE = 1.0


def _nobody(_address: str) -> bool:
    return False


class HttpServer:
    """Serves one app on connections handed by a source, on listeners, or both. Started on the loop that runs it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Clock,
        refuse: Refuse,
        bounds: ServerBounds | None = None,
        is_blocked: Callable[[str], bool] = _nobody,
    ) -> None:
        """Prepare a server; nothing is taken yet.

        `refuse` writes the whole answer for what never becomes a request. Whose address `is_blocked` is cut off unanswered,
        as they connect and whenever they send.
        """
        self.refuse, self.bounds, self.is_blocked, self._clock = refuse, bounds or ServerBounds(), is_blocked, clock
        self.state = ServerState()
        self._app = app
        self.config = Config(
            self._answer,
            http=HttpToolsProtocol,
            ws="websockets-sansio",
            ws_max_size=self.bounds.message_bytes_max,
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            interface="asgi3",
            proxy_headers=False,
            forwarded_allow_ips=[],
            server_header=False,
            date_header=False,
            workers=1,
            timeout_keep_alive=self.bounds.idle_seconds,
        )
        self.config.load()
        self._dated_second = 0
        self._source: ConnectionSource | None = None
        self._listeners: list[asyncio.Server] = []
        self._adopting: set[asyncio.Task[None]] = set()
        self._open = 0
        self._changed = asyncio.Event()

    @property
    def open_connections(self) -> int:
        """How many connections are open, handed and listened for alike."""
        return self._open

    def serve(self, source: ConnectionSource) -> None:
        """Answer what `source` gives away, from now until `stop`."""
        if self._source is not None:
            raise RuntimeError("a server has one source of connections")
        self._source = source
        asyncio.get_running_loop().add_reader(source.fileno(), self._take_waiting, source)

    async def listen(self, host: str, port: int) -> int:
        """Listen for HTTP/1.1 and return the port (chosen when `port` is 0).

        Raises:
            OSError: the address is taken or not ours.
        """
        listener = await asyncio.get_running_loop().create_server(self._accepted, host, port)
        self._listeners.append(listener)
        chosen: int = listener.sockets[0].getsockname()[1]
        return chosen

    async def stop(self, grace_seconds: float) -> int:
        """Accept no more, let what is in flight finish within `grace_seconds`, and return how many connections had to be cut."""
        for listener in self._listeners:
            listener.close()
        if self._source is not None:
            asyncio.get_running_loop().remove_reader(self._source.fileno())
            for handed in self._source.take():
                self._turn_away(handed, self._source)
            self._source = None
        for connection in list(self.state.connections):
            connection.shutdown()
        if await self.is_quiet_within(grace_seconds):
            return 0
        cut = self._open
        for connection in list(self.state.connections):
            connection.transport.abort()
        if not await self.is_quiet_within(_SECONDS_AFTER_GRACE):
            for task in [*self.state.tasks, *self._adopting]:
                task.cancel("the server has stopped")
            await self.is_quiet_within(_SECONDS_AFTER_GRACE)
        LOG.warning("connections cut", count=cut, after_seconds=grace_seconds)
        return cut

    async def is_quiet_within(self, seconds: float) -> bool:
        """Wait until no connection is open and nothing is being answered; whether that came within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while self._open or self._adopting:
                    self._changed.clear()
                    await self._changed.wait()
                if self.state.tasks:
                    await asyncio.wait(set(self.state.tasks))
        except TimeoutError:
            return False
        return True

    def refresh_date(self) -> None:
        """Set the Date header of the answers that start now. Reckoned at most once a second."""
        second = self._clock.time_ns() // 1_000_000_000
        if second != self._dated_second:
            self._dated_second = second
            self.state.default_headers = [(b"date", formatdate(second, usegmt=True).encode())]

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            # Only `stop` cancels, after the connection was cut: nobody is left to be told, and uvicorn would call it a fault.
            LOG.warning("request abandoned", path=scope.get("path"))

    def _accepted(self) -> HttpConnection:
        return HttpConnection(self, Origin(ended=self._began(lambda: None)))

    def _take_waiting(self, source: ConnectionSource) -> None:
        for handed in source.take():
            task = asyncio.get_running_loop().create_task(self._adopt(handed, source))
            self._adopting.add(task)
            task.add_done_callback(self._adopted)

    def _adopted(self, task: asyncio.Task[None]) -> None:
        self._adopting.discard(task)
        self._changed.set()

    async def _adopt(self, handed: HandedConnection, source: ConnectionSource) -> None:
        ticket = handed.ticket
        ended = self._began(lambda: source.closed(ticket))
        origin = Origin(ended=ended, first_bytes=handed.first_bytes, peer=handed.peer, is_handed=True)
        connection = _socket_of(handed.descriptor)
        if connection is None:
            ended()
            return
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: HttpConnection(self, origin), connection)
        except (OSError, asyncio.CancelledError) as error:
            # The caller left meanwhile, or we are stopping: there is nobody to answer.
            LOG.debug("handed connection lost", error_kind=type(error).__name__)
            connection.close()
            ended()

    def _turn_away(self, handed: HandedConnection, source: ConnectionSource) -> None:
        if connection := _socket_of(handed.descriptor):
            with connection:
                try:
                    connection.send(self.refuse(Overloaded(retry_after_seconds=1)))
                except OSError as error:
                    LOG.debug("handed connection lost", error_kind=type(error).__name__)
        source.closed(handed.ticket)

    def _began(self, then: Callable[[], None]) -> Callable[[], None]:
        """Count a connection in, and return what counts it out: once, however often it is called."""
        self._open += 1
        is_open = True

        def ended() -> None:
            nonlocal is_open
            if is_open:
                is_open = False
                self._open -= 1
                self._changed.set()
                then()

        return ended


def _socket_of(descriptor: int) -> socket.socket | None:
    try:
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
    except OSError as error:
        LOG.warning("handed descriptor unusable", error=error)
        os.close(descriptor)
        return None
    return connection
