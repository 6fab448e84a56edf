"""What a running node told of each asset, waited for by what a test is about."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from trinity_beast.rehearsal.model import Finding, Judgement, Refused, Told
from trinity_beast.rehearsal.neighbours import Neighbours
from trinity_beast.rehearsal.node import RunningNode
from trinity_beast.words import Asset


class Watching:
    """Listens to the sampler; `last` holds what was told of each asset at last, a code where it was refused."""

    def __init__(self, neighbours: Neighbours | None = None) -> None:
        self.last: dict[Asset, Told | str] = {}
        self.findings: list[Finding] = []
        self.judged = 0
        self._neighbours, self._heard = neighbours, asyncio.Event()

    def told(self, told: Told, judgement: Judgement) -> None:
        self.judged += 1
        self.findings += judgement.findings
        if told.asked.venue is None:
            self.last[told.asset] = told
        if self._neighbours is not None:
            self._neighbours.told(told)
        self._heard.set()

    def refused(self, refused: Refused) -> None:
        if refused.asked.max_age_ms is None and refused.asked.venue is None:
            self.last[refused.asset] = refused.code
        if self._neighbours is not None:
            self._neighbours.refused(refused)
        self._heard.set()

    def state(self, asset: Asset) -> str:
        """What is told of an asset: `live`, `quiet`, `rest`, or the code of the refusal."""
        last = self.last.get(asset, "nothing yet")
        return last if isinstance(last, str) else last.state

    async def until(self, holds: Callable[[], bool], what: str, *, within_seconds: float) -> None:
        """Return once it holds, looked at with each answer."""
        try:
            async with asyncio.timeout(within_seconds):
                while not holds():
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            raise AssertionError(f"{what} did not happen within {within_seconds} s") from None


def asked_anew(node: RunningNode) -> list[str]:
    """Return the symbols a node has subscribed anew, in order, as its log tells."""
    lines = (json.loads(line) for line in node.log.read_text(encoding="utf-8").splitlines() if line.startswith("{"))
    return [line["facts"]["symbol"] for line in lines if line["event"] == "symbol subscribed anew"]


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def is_node(pid: int) -> bool:
    """Whether a process is a node that serves."""
    try:
        return b"\0serve\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
