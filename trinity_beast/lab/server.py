"""The network side of a stand-in: one port for sockets, one for REST, on loopback."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import WSMsgType, web

from trinity_beast.clock import Clock
from trinity_beast.lab.connection import Connection
from trinity_beast.lab.faults import Pong
from trinity_beast.lab.model import SECOND_NS, LabAddresses
from trinity_beast.lab.pace import Limit, Pace, Verdict
from trinity_beast.lab.ports import Port
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler, RestRefused
from trinity_beast.lab.stand_in import StandIn
from trinity_beast.randomness import Dice

CLOSING_SECONDS = 1.0
"""Real seconds a client has to answer a close before its connection is cut."""
MESSAGE_BYTES_MAX = 1 << 20


class VenueServer:
    """Takes the clients of one stand-in. Two ports, so that sockets can be refused while REST answers."""

    def __init__(self, stand_in: StandIn, clock: Clock, dice: Dice) -> None:
        self.stand_in = stand_in
        self._clock, self._dice = clock, dice
        self._handshakes = Pace(stand_in.protocol.connection_limit)
        self._rest_requests: dict[Limit, Pace] = {}
        self._accepted = 0
        self._socket_port: Port | None = None
        self._rest_port: Port | None = None
        self._runners: list[web.AppRunner] = []

    async def start(self, host: str, *, ws_port: int = 0, rest_port: int = 0) -> LabAddresses:
        """Listen; a port of 0 is chosen by the system.

        Raises:
            OSError: a port is taken.
        """
        protocol = self.stand_in.protocol
        sockets, rest = web.Application(), web.Application()
        sockets.router.add_get(protocol.socket_path, self._socket)
        for address, handler in protocol.routes().items():
            rest.router.add_get(address, self._answering(address, handler))
        # One after the other: when the second is taken, `stop` must know of the first.
        self._socket_port = Port(host, ws_port)
        self._rest_port = Port(host, rest_port)
        for app in (sockets, rest):
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_SECONDS)
            await runner.setup()
            self._runners.append(runner)
        self.stand_in.listen = self._listen
        await self._listen(True)
        await self._rest_port.open(self._served(1))
        shown = f"[{host}]" if ":" in host else host
        return LabAddresses(
            ws_url=f"ws://{shown}:{self._socket_port.number}{protocol.socket_path}",
            rest_url=f"http://{shown}:{self._rest_port.number}",
        )

    def _served(self, number: int) -> web.Server:
        server = self._runners[number].server
        assert server is not None, "a runner has its server once it was set up"
        return server

    async def _listen(self, is_open: bool) -> None:
        assert self._socket_port is not None, "started first"
        if is_open:
            await self._socket_port.open(self._served(0))
        else:
            self._socket_port.shut()

    async def stop(self) -> None:
        """Refuse new clients, cut the present ones, give the ports back."""
        self.stand_in.listen = None
        await self.stand_in.faults.clear()
        self.stand_in.stir()
        for port in (self._socket_port, self._rest_port):
            if port is not None:
                port.shut()
        for connection in self.stand_in.wirings:
            connection.reset()
        for runner in self._runners:
            await runner.cleanup()
        for port in (self._socket_port, self._rest_port):
            if port is not None:
                port.release()

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until it or we leave."""
        await self.stand_in.answering()
        verdict = self._handshakes.judge(request.remote, self.stand_in.steady_ns)
        if verdict is not Verdict.ALLOWED:
            return web.Response(status=403 if verdict is Verdict.BANNED else 429, text="too many connections")
        socket = web.WebSocketResponse(
            compress=False, autoping=False, autoclose=False, timeout=CLOSING_SECONDS, max_msg_size=MESSAGE_BYTES_MAX
        )
        try:
            await socket.prepare(request)
        except ConnectionResetError:  # Who waited for the handshake may have left meanwhile.
            return web.Response(status=400, text="gone")
        connection = self._connect(request, socket)
        delivering = asyncio.create_task(connection.deliver())
        try:
            self.stand_in.protocol.opened(connection)
            await self._converse(connection, socket)
        finally:
            self.stand_in.open_connections.pop(connection.number, None)
            self.stand_in.protocol.closed(connection)
            self.stand_in.frames_sent += connection.sent
            delivering.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await delivering
        return socket

    def _connect(self, request: web.Request, socket: web.WebSocketResponse) -> Connection:
        assert request.transport is not None, "a handshake was just answered on it"
        self._accepted += 1
        connection = Connection(
            self._accepted,
            socket,
            request.transport,
            self.stand_in.faults,
            now_ns=lambda: self.stand_in.steady_ns,
            idle_ns=self._dice.randint(*self.stand_in.protocol.idle_seconds) * SECOND_NS,
            message_limit=self.stand_in.protocol.message_limit,
            is_gzipped=self.stand_in.protocol.is_gzipped,
        )
        self.stand_in.open_connections[connection.number] = connection
        return connection

    async def _converse(self, connection: Connection, socket: web.WebSocketResponse) -> None:
        while True:
            message = await socket.receive()
            if self.stand_in.faults.is_frozen and message.type not in {WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR}:
                await self.stand_in.thawed()
            if message.type is WSMsgType.TEXT:
                connection.heard()
                self.stand_in.protocol.received(connection, message.data)
            elif message.type is WSMsgType.PING:
                connection.enqueue(Pong(bytes(message.data)))
                self.stand_in.protocol.heard_control(connection)
            elif message.type is WSMsgType.PONG:
                connection.answered()
                self.stand_in.protocol.heard_control(connection)
            elif message.type is WSMsgType.CLOSE:
                await socket.close()
                return
            elif message.type in {WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR}:
                return

    def _answering(self, address: str, handler: RestHandler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            given = await self._answer(address, handler, RestAsk(request.path, request.match_info, request.query), request.remote)
            text = given.body if isinstance(given.body, str) else json.dumps(given.body, separators=(",", ":"))
            return web.Response(text=text, status=given.status, headers=given.headers, content_type="application/json")

        return answer

    async def _answer(self, address: str, handler: RestHandler, ask: RestAsk, remote: str | None) -> RestAnswer:
        """Keep the published limit, let faults at the answer, and give it."""
        protocol, faults = self.stand_in.protocol, self.stand_in.faults
        refusal = self._refusal(address, remote)
        if refusal is not None:
            return refusal
        symbol = protocol.rest_symbol(ask)
        await self._clock.sleep(faults.rest_delay_seconds(symbol))
        failure = faults.rest_status(symbol)
        if failure is not None:
            status, retry_after = failure
            refusal = protocol.rest_error(status, "too many requests" if status in {418, 429} else "internal server error")
            return refusal if retry_after is None else _later(refusal, f"{retry_after:g}")
        try:
            given = handler(ask)
        except RestRefused as refused:
            return refused.answer
        return given if isinstance(given, RestAnswer) else RestAnswer(given)

    def _refusal(self, address: str, remote: str | None) -> RestAnswer | None:
        """Count a request, and return the answer to one too many."""
        protocol, now_ns = self.stand_in.protocol, self.stand_in.steady_ns
        if protocol.ban_covers_rest and self._handshakes.is_banned(remote, now_ns):
            return protocol.rest_limited(is_banned=True)
        who = (remote, address) if protocol.rest_counts_each_address else remote
        limit = protocol.rest_limits.get(address, protocol.rest_limit)
        requests = self._rest_requests.setdefault(limit, Pace(limit))
        verdict = requests.judge(who, now_ns)
        if verdict is Verdict.ALLOWED:
            return None
        refusal = protocol.rest_limited(is_banned=verdict is Verdict.BANNED)
        return _later(refusal, str(requests.wait_seconds(who, now_ns))) if protocol.tells_retry_after else refusal


def _later(answer: RestAnswer, seconds: str) -> RestAnswer:
    return RestAnswer(answer.body, answer.status, {**answer.headers, "Retry-After": seconds})
