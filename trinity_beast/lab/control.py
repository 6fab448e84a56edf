"""Orders from outside: a small HTTP door on loopback, with a token of its own."""

import hmac
from dataclasses import asdict, fields

from aiohttp import web
from aiohttp.typedefs import Handler

from trinity_beast.errors import TrinityError
from trinity_beast.lab.errors import FaultMisspoken
from trinity_beast.lab.faults import Fault
from trinity_beast.lab.model import ControlAddress
from trinity_beast.lab.ports import Port
from trinity_beast.lab.service import Lab
from trinity_beast.randomness import SecretSource
from trinity_beast.words import Symbol, Venue

TOKEN_CHARACTERS = 32


class LabControl:
    """`POST /faults` begins one, `GET /faults` lists, `DELETE /faults` ends all; `GET /status`, `GET /truth?venue&symbol&at_ns`."""

    def __init__(self, lab: Lab, secrets: SecretSource) -> None:
        self._lab = lab
        self._token = secrets.base62(TOKEN_CHARACTERS)
        self._port: Port | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", *, port: int = 0) -> ControlAddress:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.post("/faults", self._order),
                web.get("/faults", self._list),
                web.delete("/faults", self._clear),
                web.get("/status", self._status),
                web.get("/truth", self._truth),
            ]
        )
        self._port = Port(host, port)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        assert self._runner.server is not None, "a runner has its server once it was set up"
        await self._port.open(self._runner.server)
        return ControlAddress(f"http://{host}:{self._port.number}", self._token)

    async def stop(self) -> None:
        """Take no more orders."""
        if self._port is not None:
            self._port.release()
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        offered = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(offered.encode(), self._token.encode()):
            return web.json_response({"code": "KEY_INVALID", "facts": {}}, status=401)
        try:
            return await handler(request)
        except TrinityError as refusal:
            facts = {name: str(value) for name, value in refusal.facts.items()}
            return web.json_response({"code": refusal.code, "facts": facts}, status=refusal.status)

    async def _order(self, request: web.Request) -> web.Response:
        """Begin the fault of `{"order": "mute coinbase BTC-USD"}`, or of `{"verb", "venue", "symbol", "options"}`."""
        try:
            body = await request.json()
        except ValueError as error:
            raise FaultMisspoken(order="", reason="the body is not JSON") from error
        if not isinstance(body, dict):
            raise FaultMisspoken(order="", reason="the body is not an object")
        if isinstance(body.get("order"), str):
            await self._lab.fault(body["order"])
        else:
            options = body.get("options") or {}
            if not isinstance(options, dict):
                raise FaultMisspoken(order=str(body.get("verb", "")), reason="options is not an object")
            await self._lab.fault_named(str(body.get("verb", "")), body.get("venue"), body.get("symbol"), options)
        return self._told()

    async def _list(self, _request: web.Request) -> web.Response:
        return self._told()

    async def _clear(self, _request: web.Request) -> web.Response:
        await self._lab.fault("clear")
        return self._told()

    def _told(self) -> web.Response:
        return web.json_response({"faults": [told(fault) for fault in self._lab.faults()]})

    async def _status(self, _request: web.Request) -> web.Response:
        return web.json_response({"venues": [asdict(status) for status in self._lab.statuses()]})

    async def _truth(self, request: web.Request) -> web.Response:
        query = request.query
        at = query.get("at_ns", "")
        at_ns = int(at) if at.isascii() and at.isdigit() else self._lab.now_ns()
        trade = self._lab.truth_at(Venue(query.get("venue", "")), Symbol(query.get("symbol", "")), at_ns)
        return web.json_response({"trade": trade and asdict(trade)}, status=404 if trade is None else 200)


def told(fault: Fault) -> dict[str, object]:
    """Shape a fault for a reader."""
    own = {option.name: getattr(fault, option.name) for option in fields(fault) if option.init and option.name not in {"venue", "symbol"}}
    return {"verb": fault.verb, "venue": fault.venue, "symbol": fault.symbol, "options": own}
