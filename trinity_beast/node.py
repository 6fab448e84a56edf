"""One running node, from its first line on the terminal to its last."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from trinity_beast.clock import Clock
from trinity_beast.compose import Ground, Services, ground, services
from trinity_beast.exchanges import FeedsChoice, exchanges
from trinity_beast.log import get_log
from trinity_beast.parts import Parts
from trinity_beast.randomness import Dice, SecretSource
from trinity_beast.settings import Settings
from trinity_beast.standing import ready_file, signals_heeded
from trinity_beast.telemetry import MovingPrices, Started, show_banner
from trinity_beast.version import VERSION

_log = get_log("node")


NODE_URL = "node-url"
"""The note in the data folder that says where the node answers."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asked of `beast serve`, beyond the settings."""

    feeds: FeedsChoice = FeedsChoice.LIVE
    lab_market: str = "synthetic"
    lab: Path | None = None
    """The file of a lab that runs already, to be listened to where a lab is wanted."""
    ready_file: Path | None = None


class Node:
    """Brings a node up, keeps it until it is told to stop, and takes it down in order."""

    def __init__(self, settings: Settings, wanted: Wanted, *, clock: Clock, secrets: SecretSource, dice: Dice, console: Console) -> None:
        self._settings, self._wanted = settings, wanted
        self._clock, self._secrets, self._dice, self._console = clock, secrets, dice, console
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        """Run until SIGTERM or SIGINT and return the exit status: 0 when everything stopped in order, else 1."""
        wanted = self._wanted
        with signals_heeded(self._stopping):
            async with (
                ground(self._settings, self._clock, self._secrets, self._dice) as on,
                exchanges(wanted.feeds, wanted.lab_market, on.database, self._clock, self._dice, lab=wanted.lab) as market,
            ):
                running = services(on, market)
                parts = Parts(running.parts)
                await parts.start()
                try:
                    await self._stand(on, running, market.played_by)
                finally:
                    unclean = await parts.stop()
        _log.info("node stopped", unclean=unclean)
        return 1 if unclean else 0

    async def _stand(self, on: Ground, running: Services, played_by: str) -> None:
        started = _started(on, played_by)
        told = {"addresses": dict(started.addresses), "demo_key": started.demo_key}
        with ready_file(self._wanted.ready_file, told), _url_noted(on):
            show_banner(self._console, started)
            _log.info("node started", mode=on.settings.mode.value, addresses=dict(started.addresses))
            shown = asyncio.create_task(self._show_prices(running))
            await self._stopping.wait()
            shown.cancel()
            await asyncio.gather(shown, return_exceptions=True)
        _log.info("node stopping")

    async def _show_prices(self, running: Services) -> None:
        if running.engine is not None:
            book = running.engine.book
            moving = MovingPrices(self._console, lambda: [reading for asset in book.assets() if (reading := book.read(asset))], self._clock)
            await moving.run()


def _started(on: Ground, played_by: str) -> Started:
    return Started(
        node=on.settings.node,
        version=VERSION,
        addresses={name: f"{host}:{port}" for name, (host, port) in on.addresses.items()},
        price_http=on.addresses.get("price"),
        price_udp=on.addresses.get("price_udp"),
        demo_key=on.demo_key,
        admin_key=on.admin_key.shown_once,
        synthetic_market=played_by,
    )


@contextmanager
def _url_noted(on: Ground) -> Iterator[None]:
    """Keep the node's address in the data folder while it answers, for the verbs that ask it."""
    address = on.addresses.get("price")
    if address is not None:
        host = "127.0.0.1" if address[0] in {"", "0.0.0.0", "::"} else address[0]  # noqa: S104 - It is compared, not bound.
        on.folder.note(NODE_URL, f"http://[{host}]:{address[1]}" if ":" in host else f"http://{host}:{address[1]}")
    try:
        yield
    finally:
        on.folder.note(NODE_URL, None)
