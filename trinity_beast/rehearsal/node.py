"""The node that is rehearsed: a process of its own, started as an operator would start it, ended in order."""

import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from trinity_beast.clock import Clock
from trinity_beast.randomness import SecretSource
from trinity_beast.rehearsal.errors import RehearsalBroken
from trinity_beast.web import Granted, KnownNode, Turned
from trinity_beast.words import Asset, Venue

READY_SECONDS = 60.0
STOP_SECONDS = 40.0
LOOK_SECONDS = 0.05
PORTS = ("PRICE", "PRICE_HEALTH", "REPORT", "REPORT_HEALTH", "PRICE_UDP", "REPORT_UDP")
Environment = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Makes a child's environment of this process's, with none of its settings but those given."""


@dataclass(frozen=True, slots=True)
class RunningNode:
    """Where a node answers, and with which keys it is asked."""

    process: Process
    url: str
    health_url: str
    udp: tuple[str, int]
    key: str = field(repr=False)
    admin_key: str = field(repr=False)
    log: Path

    @property
    def pid(self) -> int:
        """The process."""
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more, unasked."""
        return self.process.returncode is not None

    async def keep_warm(self, assets: tuple[Asset, ...], venues: tuple[Venue, ...]) -> None:
        """Have these assets held from the start at every one of these venues.

        Raises:
            RehearsalBroken: the node would not.
        """
        asked = KnownNode(self.url, self.admin_key, "rehearsal")
        for asset in assets:
            listed = _granted(await asyncio.to_thread(asked.get, "/admin/exchange-assets", asset=asset))
            for row in listed["assets"]:
                if row["venue"] in venues and not row["prewarm"]:
                    body = {"id": row["id"], "prewarm": True, "expected_version": row["version"]}
                    _granted(await asyncio.to_thread(asked.post, "/admin/exchange-assets/toggle", body))


@asynccontextmanager
async def rehearsed_node(
    lab_file: Path,
    parameters: Mapping[str, float],
    *,
    environment: Environment,
    secrets: SecretSource,
    clock: Clock,
    folder: Path | None = None,
) -> AsyncIterator[RunningNode]:
    """Run `beast serve` at the lab of `lab_file` for the length of a block, in a folder of its own that is gone afterwards.

    It is made in `folder`, or where temporary files are.

    Raises:
        RehearsalBroken: it was not ready in time, or left.
    """
    admin_key = secrets.base62(40)
    settings = {f"BEAST_{name}_PORT": "0" for name in PORTS} | {"ADMIN_KEY": admin_key}
    settings["BEAST_PARAMETERS"] = " ".join(f"{name}={value:g}" for name, value in parameters.items())
    with tempfile.TemporaryDirectory(prefix="beast-rehearsal-", dir=folder) as name:
        folder = Path(name)
        _open_to_postgres(folder)
        words = ["serve", "--feeds", "lab", "--lab", str(lab_file), "--data-dir", str(folder / "data")]
        words += ["--ready-file", str(folder / "ready.json")]
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *_beast(*words), env=dict(environment(settings)), stdin=DEVNULL, stdout=log, stderr=log
            )
        try:
            ready = await _ready(process, folder, clock)
            key = await _issued(folder / "data", environment(settings))
            host, _, port = ready["price_udp"].rpartition(":")
            url, health_url = f"http://{ready['price']}", f"http://{ready['price_health']}"
            yield RunningNode(process, url, health_url, (host, int(port)), key, admin_key, folder / "log")
        finally:
            await _ended(process)


def _open_to_postgres(folder: Path) -> None:
    """Let PostgreSQL's user reach what lies in a folder."""
    folder.chmod(0o755)


def _beast(*words: str) -> list[str]:
    """Return the command line of a verb of this very program."""
    return [sys.executable, "-m", "trinity_beast", *words]


async def _ready(process: Process, folder: Path, clock: Clock) -> dict[str, str]:
    ends_ns = clock.monotonic_ns() + round(READY_SECONDS * 1e9)
    while clock.monotonic_ns() < ends_ns and process.returncode is None:
        if (addresses := _addresses(folder / "ready.json")) is not None:
            return addresses
        await clock.sleep(LOOK_SECONDS)
    raise RehearsalBroken(reason=f"the node was not ready; it said: {last_words(folder / 'log')}")


def _addresses(ready_file: Path) -> dict[str, str] | None:
    try:
        addresses: dict[str, str] = json.loads(ready_file.read_text(encoding="utf-8"))["addresses"]
    except FileNotFoundError:
        return None
    return addresses


async def _issued(data_dir: Path, environment: Mapping[str, str]) -> str:
    """Return a key that no limit holds back."""
    words = _beast("keys", "issue", "--tier", "internal", "--name", "rehearsal", "--data-dir", str(data_dir), "--json")
    issuing = await asyncio.create_subprocess_exec(*words, env=dict(environment), stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    out, told = await asyncio.wait_for(issuing.communicate(), READY_SECONDS)
    if issuing.returncode != 0:
        raise RehearsalBroken(reason=f"no key was issued: {told.decode(errors='replace')[-300:]}")
    secret: str = json.loads(out)["secret"]
    return secret


async def _ended(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def last_words(log: Path) -> str:
    """Return the end of what a node has said."""
    return log.read_text(encoding="utf-8", errors="replace")[-800:] if log.exists() else ""


def _granted(answer: Granted | Turned) -> dict[str, list[dict[str, object]]]:
    match answer:
        case Granted(data):
            rows: dict[str, list[dict[str, object]]] = data
            return rows
        case Turned():
            raise RehearsalBroken(reason=f"the node refused: {answer.code} {answer.message}")
