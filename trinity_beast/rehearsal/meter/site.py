"""A whole site as processes: nodes, writers, queue, PostgreSQL and Valkey, all well."""

import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from trinity_beast.lab import VENUES, Lab, Listing, open_market, write_ready_file
from trinity_beast.randomness import Dice, dice_from
from trinity_beast.rehearsal.errors import RehearsalBroken
from trinity_beast.rehearsal.meter.caller import KeyInUse
from trinity_beast.rehearsal.meter.child import Child
from trinity_beast.rehearsal.meter.servers import MortalPostgres, cache_server, queue, queue_server, said, valkey
from trinity_beast.rehearsal.node import PORTS
from trinity_beast.rehearsal.stage import Means
from trinity_beast.words import Venue

NODES, WRITERS = 3, 2
SHORTENED = "usage_resend_seconds=3"
WRITERS_SHORTENED = "usage_hold_seconds=10"
"""What is lost with the queue or a writer comes again sooner than on a real site: the runs would be the same, and longer."""
VENUE = Venue("coinbase")
TRADES_PER_SECOND = 0.5
"""Prices shall move; they are not what is rehearsed."""
TIERS = ("internal", "internal", "pro", "free")
"""One key each: two that nothing holds back, one with a month, one that is refused most of the time."""
VERB_SECONDS = 60.0


class Mortal(Protocol):
    """What may be killed."""

    name: str
    kills: int

    def kill(self, down_seconds: float) -> bool:
        """End it as kill -9 does, to be started again after so long; whether there was anything to kill."""
        ...

    async def ready(self) -> None:
        """Wait until it answers again."""
        ...


@dataclass
class NodeProcess:
    """A node, wherever it answers at the moment: each start may choose other ports."""

    name: str
    folder: Path
    child: Child
    ready_file: Path

    @property
    def data_dir(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    def where(self) -> tuple[str, tuple[str, int], tuple[str, int]] | None:
        """Return its name, where it answers by HTTP and by datagrams; None while it is down."""
        if not self.child.is_ready:
            return None
        addresses = self.addresses()
        return None if addresses is None else (self.name, _address(addresses["price"]), _address(addresses["price_udp"]))

    def addresses(self) -> dict[str, str] | None:
        """Return where each of its listeners is, as its newest start has told."""
        try:
            addresses: dict[str, str] = json.loads(self.ready_file.read_text(encoding="utf-8"))["addresses"]
        except (OSError, ValueError, KeyError):
            return None
        return addresses


@dataclass
class Site:
    """All that runs. `mortals` are those that may be killed."""

    folder: Path
    nodes: tuple[NodeProcess, ...]
    mortals: Mapping[str, Mortal]
    keys: tuple[KeyInUse, ...]
    database_url: str = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)
    means: Means

    async def all_ready(self) -> None:
        """Wait until everything answers.

        Raises:
            RehearsalBroken: something does not.
        """
        for mortal in self.mortals.values():
            await mortal.ready()

    async def verb(self, *words: str) -> tuple[int, str]:
        """Run a verb of this program and return its status and what it printed."""
        return await _verb(self.means, self.settings, *words)


@asynccontextmanager
async def sited(seed: int, means: Means, *, by_queue: bool = True, valkey_server: Path | None = None) -> AsyncIterator[Site]:
    """Give a site on which all is well, in a folder of its own that is gone afterwards.

    `by_queue`: usage goes through a queue to two writers; else each node stores its own.

    Raises:
        RehearsalBroken: something does not come up, or there is no Valkey here, or no stand-in of SQS.
    """
    dice = dice_from(f"{seed} site")
    server = cache_server(valkey_server)
    if server is None:
        raise RehearsalBroken(reason="there is no valkey-server here; name one by --valkey")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(_own_folder(means.folder))
        lab_file = await _lab(seed, folder, means, stack)
        postgres = MortalPostgres(folder / "postgres", clock=means.clock, dice=dice)
        stack.push_async_callback(postgres.stop)
        database_url = await postgres.start()
        cache, cache_url = valkey(server, folder / "valkey", clock=means.clock, dice=dice)
        stack.push_async_callback(cache.stop)
        await cache.start()
        settings: dict[str, str] = {
            "DATABASE_URL": database_url,
            "CACHE_URL": cache_url,
            "BEAST_SERVER_SECRET": means.secrets.octets(32).hex(),
        }
        servers: list[Mortal] = [postgres, cache]
        if by_queue:
            servers += await _queue_and_writers(folder, settings, dice, means, stack)
        nodes = tuple(_node(f"node{number}", folder, settings, lab_file, means) for number in range(1, NODES + 1))
        await _start_nodes(nodes, stack)
        keys = [await _key(means, settings, nodes[0], tier) for tier in TIERS]
        mortals: list[Mortal] = [*servers, *(node.child for node in nodes)]
        yield Site(folder, nodes, {each.name: each for each in mortals}, tuple(keys), database_url, settings, means)


@contextmanager
def _own_folder(within: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="beast-meter-", dir=within) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's user must reach what lies in it.
        yield folder


async def _queue_and_writers(folder: Path, settings: dict[str, str], dice: Dice, means: Means, stack: AsyncExitStack) -> list[Mortal]:
    """Start the queue and the writers, and add to `settings` how to reach the queue."""
    program = queue_server()
    if program is None:
        raise RehearsalBroken(reason="there is no ministack here; --carrier local does without a queue")
    served, reached = queue(program, folder / "queue", means.environment({}), clock=means.clock, dice=dice)
    stack.push_async_callback(served.stop)
    await served.start()
    settings |= reached
    writers = [_writer(f"writer{number}", folder, settings, means) for number in range(1, WRITERS + 1)]
    for writer in writers:
        stack.push_async_callback(writer.stop)
        await writer.start()
    return [served, *writers]


def _writer(name: str, folder: Path, settings: Mapping[str, str], means: Means) -> Child:
    own = folder / name
    own.mkdir()
    ready_file = own / "ready.json"

    async def answers() -> bool:
        return await asyncio.to_thread(ready_file.exists)

    words = _beast("writer", "--ready-file", str(ready_file))
    given = means.environment(
        {"CLUSTER_NODE": name, "BEAST_WRITER_HEALTH_PORT": "0", "BEAST_PARAMETERS": WRITERS_SHORTENED} | dict(settings)
    )
    return Child(name, words, environment=given, log=own / "log", answers=answers, clock=means.clock, ready_file=ready_file)


async def _lab(seed: int, folder: Path, means: Means, stack: AsyncExitStack) -> Path:
    market = open_market(seed=seed, kinds={VENUE: VENUES[VENUE]}, rate=_rate)
    lab = Lab(market, means.clock, dice_from(f"{seed} lab"))
    addresses = await lab.start()
    stack.push_async_callback(lab.stop)
    write_ready_file(folder / "lab.json", addresses)
    return folder / "lab.json"


def _rate(_listing: Listing) -> float:
    return TRADES_PER_SECOND


def _node(name: str, folder: Path, settings: Mapping[str, str], lab_file: Path, means: Means) -> NodeProcess:
    own = folder / name
    own.mkdir()
    ready_file = own / "ready.json"
    words = ["serve", "--feeds", "lab", "--lab", str(lab_file), "--data-dir", str(own / "data"), "--ready-file", str(ready_file)]
    given = {f"BEAST_{port}_PORT": "0" for port in PORTS}
    given |= {"CLUSTER_NODE": name, "BEAST_ENGINE_THREADS": "2"} | dict(settings)
    if "QUEUE_URL" in settings:
        given["BEAST_PARAMETERS"] = SHORTENED
    node: NodeProcess

    async def answers() -> bool:
        addresses = node.addresses()
        if addresses is None:
            return False
        return (await said(*_address(addresses["price"]), b"GET /health HTTP/1.1\r\nHost: n\r\n\r\n")).startswith(b"HTTP/1.1 ")

    child = Child(
        name,
        _beast(*words),
        environment=means.environment(given),
        log=own / "log",
        answers=answers,
        clock=means.clock,
        ready_file=ready_file,
    )
    node = NodeProcess(name, own, child, ready_file)
    return node


async def _start_nodes(nodes: tuple[NodeProcess, ...], stack: AsyncExitStack) -> None:
    """Start one, which brings the schema up, then the others."""
    for node in nodes:
        stack.push_async_callback(node.child.stop)
    await nodes[0].child.start()
    await asyncio.gather(*(node.child.start() for node in nodes[1:]))


async def _key(means: Means, settings: Mapping[str, str], node: NodeProcess, tier: str) -> KeyInUse:
    words = ("keys", "issue", "--tier", tier, "--name", f"rehearsal {tier}", "--data-dir", str(node.data_dir), "--json")
    status, told = await _verb(means, settings, *words)
    if status != 0:
        raise RehearsalBroken(reason=f"no key was issued: {told[-300:]}")
    issued = json.loads(told)
    return KeyInUse(int(issued["key_id"]), str(issued["secret"]))


async def _verb(means: Means, settings: Mapping[str, str], *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *_beast(*words), env=dict(means.environment(settings)), stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    out, told = await asyncio.wait_for(process.communicate(), VERB_SECONDS)
    assert process.returncode is not None, "it has ended"
    return process.returncode, (out or told).decode(errors="replace")


def _beast(*words: str) -> list[str]:
    """Return the command line of a verb of this very program."""
    return [sys.executable, "-m", "trinity_beast", *words]


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
