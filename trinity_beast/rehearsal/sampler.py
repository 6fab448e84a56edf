"""Asking the node for every price, many times a second, over HTTP and UDP at once, as long as the rehearsal lasts."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from trinity_beast.clock import Clock
from trinity_beast.randomness import Dice
from trinity_beast.rehearsal.datagrams import ASSETS_MAX, Datagrams
from trinity_beast.rehearsal.errors import AnswerUnreadable
from trinity_beast.rehearsal.model import Asked, Protocol, Refused, Told
from trinity_beast.rehearsal.node import RunningNode
from trinity_beast.rehearsal.reading import Answered, http_answer, udp_answer
from trinity_beast.words import Asset, Venue

EVERY_SECONDS = 0.1
ANSWER_SECONDS = 5.0
NOBODY = Asset("")
UNREADABLE_MAX = 20
Reader = Callable[[bytes, Asked, int, Asset], Answered]
AGES_MS = (500, 2_000, 10_000)


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked about: all assets that are kept warm, and venues to be asked for by name."""

    assets: Sequence[Asset]
    venues: Sequence[Venue]
    every_seconds: float = EVERY_SECONDS


class Sampler:
    """Three voices: all prices in one request, all of them by datagrams, and single ones with every option."""

    def __init__(
        self,
        node: RunningNode,
        questions: Questions,
        *,
        now_ns: Callable[[], int],
        hear: Callable[[Sequence[Told], Sequence[Refused]], None],
        clock: Clock,
        dice: Dice,
    ) -> None:
        self._node, self._questions, self._now_ns, self._hear = node, questions, now_ns, hear
        self._clock, self._dice = clock, dice
        self.asked = 0
        self.unanswered = 0
        self.unreadable: list[str] = []
        """The first answers that were none of ours: each is a mistake of the node."""

    async def run(self) -> None:
        """Ask until cancelled."""
        headers = {"Authorization": f"Bearer {self._node.key}"}
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        datagrams = await Datagrams.to(self._node.udp)
        try:
            async with aiohttp.ClientSession(self._node.url, headers=headers, timeout=timeout) as session, asyncio.TaskGroup() as voices:
                voices.create_task(self._all_by_http(session), name="ask for all by http")
                voices.create_task(self._single_by_http(session), name="ask for one by http")
                voices.create_task(self._all_by_udp(datagrams), name="ask for all by udp")
        finally:
            datagrams.close()

    async def _all_by_http(self, session: aiohttp.ClientSession) -> None:
        while True:
            await self._get(session, "/prices", Asked(Protocol.HTTP, self._now_ns()))
            await self._clock.sleep(self._questions.every_seconds)

    async def _single_by_http(self, session: aiohttp.ClientSession) -> None:
        """Ask for one asset, now and then of a named venue or with a bound of age."""
        while True:
            asset, kind = self._dice.choice(self._questions.assets), self._dice.random()
            venue = self._dice.choice(self._questions.venues) if kind < 0.1 else None
            max_age_ms = self._dice.choice(AGES_MS) if kind > 0.7 else None
            given = {"asset": asset, "venue": venue, "max_age_ms": max_age_ms}
            query = urlencode({name: value for name, value in given.items() if value is not None})
            await self._get(session, f"/price?{query}", Asked(Protocol.HTTP, self._now_ns(), venue, max_age_ms), asset)
            await self._clock.sleep(self._questions.every_seconds / 2)

    async def _get(self, session: aiohttp.ClientSession, path: str, asked: Asked, asset: Asset = NOBODY) -> None:
        self.asked += 1
        try:
            async with session.get(path) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            self.unanswered += 1
            return
        self._read(http_answer, body, asked, asset)

    async def _all_by_udp(self, datagrams: Datagrams) -> None:
        assets = self._questions.assets
        groups = [assets[place : place + ASSETS_MAX] for place in range(0, len(assets), ASSETS_MAX)]
        while True:
            await asyncio.gather(*(self._send(datagrams, group) for group in groups))
            await self._clock.sleep(self._questions.every_seconds)

    async def _send(self, datagrams: Datagrams, assets: Sequence[Asset]) -> None:
        self.asked += 1
        asked = Asked(Protocol.UDP, self._now_ns())
        answer = await datagrams.ask(self._node.key, assets)
        if answer is None:
            self.unanswered += 1
            return
        self._read(udp_answer, answer, asked, assets[0])

    def _read(self, read: Reader, answer: bytes, asked: Asked, asset: Asset) -> None:
        try:
            prices, refused = read(answer, asked, self._now_ns(), asset)
        except AnswerUnreadable as error:
            if len(self.unreadable) < UNREADABLE_MAX:
                self.unreadable.append(f"{error.facts['answer']} cannot be read: {error.facts['reason']}")
            return
        self._hear(prices, refused)
