"""One running node, from its first line on the terminal to its last."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from trinity_beast.clock import Clock
from trinity_beast.compose import Ground, Services, ground, held_prices, services
from trinity_beast.exchanges import FeedsChoice, exchanges
from trinity_beast.log import get_log
from trinity_beast.parts import Parts
from trinity_beast.randomness import Dice, SecretSource
from trinity_beast.settings import Settings
from trinity_beast.standing import ready_file, signals_heeded
from trinity_beast.telemetry import KeptLogs, MovingPrices, Started, show_banner
from trinity_beast.version import VERSION

_log = get_log("node")


NODE_URL = "node-url"
"""The note in the data folder that says where the node answers."""

NODE_ADDRESSES = "node-addresses"
"""The note that says where each of its listeners is: a JSON object of host and port by name."""


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

    def __init__(
        self,
        settings: Settings,
        wanted: Wanted,
        *,
        clock: Clock,
        secrets: SecretSource,
        dice: Dice,
        console: Console,
        logs: KeptLogs | None = None,
    ) -> None:
        self._settings, self._wanted, self._logs = settings, wanted, logs
        self._clock, self._secrets, self._dice, self._console = clock, secrets, dice, console
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        """Run until SIGTERM or SIGINT and return the exit status: 0 when everything stopped in order, else 1."""
        wanted = self._wanted
        with signals_heeded(self._stopping):
            async with (
                ground(self._settings, self._clock, self._secrets, self._dice, logs=self._logs) as on,
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
            await MovingPrices(self._console, partial(held_prices, running.engine), self._clock).run()


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
    """Keep the node's addresses in the data folder while it answers, for the verbs that ask it."""
    address = on.addresses.get("price")
    on.folder.note(NODE_ADDRESSES, json.dumps(on.addresses))
    if address is not None:
        on.folder.note(NODE_URL, url_of(*address))
    try:
        yield
    finally:
        on.folder.note(NODE_URL, None)
        on.folder.note(NODE_ADDRESSES, None)


def reachable(host: str) -> str:
    """Return where to reach, from here, what listens at `host`."""
    return "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104 - It is compared, not bound.


def url_of(host: str, port: int) -> str:
    """Return the address of what listens at `host` and `port`, as it is reached from here."""
    host = reachable(host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
