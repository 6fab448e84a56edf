"""A venue's REST side as a test makes it: what it answers, when, and who asked."""

import asyncio
import json

from tests.support.clock import TURNS_AFTER_WAKING, ManualClock
from tests.support.feeds import NOW_NS, SECOND_NS, at, row_values
from trinity_beast.feeds import FeedRow, Look, Looks, Urgency, parse_row
from trinity_beast.feeds.rest import Answer
from trinity_beast.feeds.rest.model import LookFailed
from trinity_beast.feeds.rest.parameters import RestKnobs
from trinity_beast.parameters import Readings
from trinity_beast.words import Symbol, Venue

COINBASE = Venue("coinbase")
BTC, ETH = Symbol("BTC-USD"), Symbol("ETH-USD")


def rest_row(venue: str = "coinbase", *, listed: bool = False, **rules: object) -> FeedRow:
    """A documented row whose REST rules are changed; without its list of symbols unless `listed`."""
    values = row_values(venue, enabled=True)
    values["rest_rules"] = {name: rule for name, rule in (values["rest_rules"] | rules).items() if listed or name != "symbols"}
    return parse_row(values)


def ticker(price: str, *, earlier: float = 0.0) -> bytes:
    """Coinbase's answer: one trade, so many seconds before the tests begin."""
    time = (NOW_NS - round(earlier * SECOND_NS)) // SECOND_NS - NOW_NS // SECOND_NS + 27_600
    shown = f"2026-11-20T{time // 3600:02}:{time // 60 % 60:02}:{time % 60:02}Z"
    return json.dumps({"trades": [{"trade_id": "1", "price": price, "time": shown}]}).encode()


class FakeRest:
    """Keeps `Opener`. Answers by the part of an address; what stands under "" answers all else."""

    def __init__(self, **answers: bytes | Answer | Exception) -> None:
        self.answers: dict[str, bytes | Answer | Exception] = dict(answers)
        self.asked: list[str] = []
        self.is_closed = False
        self.held = asyncio.Event()
        self.held.set()

    async def get(self, url: str, *, bytes_max: int) -> Answer:
        self.asked.append(url)
        await self.held.wait()
        answer = next((answer for part, answer in self.answers.items() if part and part in url), self.answers.get(""))
        if answer is None:
            raise LookFailed("unreachable", "no such answer")
        if isinstance(answer, Exception):
            raise answer
        told = answer if isinstance(answer, Answer) else Answer(200, answer)
        if len(told.body) > bytes_max:
            raise LookFailed("too_long")
        return told

    async def close(self) -> None:
        self.is_closed = True


class RestBench:
    """Looks at a made-up venue."""

    def __init__(self, clock: ManualClock, *rows: FeedRow, rest: FakeRest | None = None, **turned: object) -> None:
        self.clock, self.rest, readings = clock, rest or FakeRest(), Readings()
        RestKnobs(readings)
        for name, value in turned.items():
            readings.turn(name, value)
        self.looks = Looks(rows or [rest_row()], opener=self.rest, clock=clock, readings=readings)

    def ask(self, symbol: str = BTC, urgency: Urgency = Urgency.PROOF, venue: str = COINBASE) -> asyncio.Task[Look]:
        return asyncio.ensure_future(self.looks.last_trade(Venue(venue), Symbol(symbol), urgency))

    async def settle(self) -> None:
        """Let everything run as far as it can without time passing."""
        for _ in range(TURNS_AFTER_WAKING):
            await asyncio.sleep(0)

    async def look(self, symbol: str = BTC, *, seconds: float = 10.0) -> Look:
        """Ask, and let time pass until there is an outcome."""
        task = self.ask(symbol)
        for _ in range(round(seconds / 0.05)):
            await self.clock.let_pass(0.05)
            if task.done():
                break
        return task.result()

    def counts(self) -> dict[str, int]:
        return {name: count for name, count in self.looks.counts()[COINBASE].items() if count}


__all__ = ["BTC", "COINBASE", "ETH", "FakeRest", "RestBench", "at", "rest_row", "ticker"]
