import asyncio
from dataclasses import dataclass, field

import pytest

from trinity_beast.parts import Parts, Step


@dataclass
class Noted:
    """A part that notes what is asked of it in a list it shares."""

    name: str
    notes: list[str]
    fails_at: str = ""
    hangs: bool = False
    never: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        if self.fails_at == "start":
            raise RuntimeError(self.name)
        self.notes.append(f"+{self.name}")

    async def stop(self) -> None:
        if self.fails_at == "stop":
            raise RuntimeError(self.name)
        if self.hangs:
            await self.never.wait()
        self.notes.append(f"-{self.name}")


async def test_parts_start_in_order_and_stop_in_reverse() -> None:
    notes: list[str] = []
    parts = Parts([Noted("store", notes), Noted("engine", notes), Noted("feeds", notes)])

    await parts.start()
    assert await parts.stop() == []

    assert notes == ["+store", "+engine", "+feeds", "-feeds", "-engine", "-store"]


async def test_when_a_part_fails_to_start_those_before_it_stop_and_those_after_never_start() -> None:
    notes: list[str] = []
    parts = Parts([Noted("store", notes), Noted("engine", notes, fails_at="start"), Noted("feeds", notes)])

    with pytest.raises(RuntimeError, match="engine"):
        await parts.start()

    assert notes == ["+store", "-store"]


async def test_a_part_that_fails_or_hangs_while_stopping_is_named_and_keeps_nobody_else() -> None:
    notes: list[str] = []
    parts = Parts([Noted("store", notes), Noted("engine", notes, fails_at="stop"), Noted("feeds", notes, hangs=True)], stop_seconds=0.01)
    await parts.start()

    assert await parts.stop() == ["feeds", "engine"]
    assert notes[-1] == "-store"


async def test_stopping_twice_stops_once() -> None:
    notes: list[str] = []
    parts = Parts([Noted("store", notes)])
    await parts.start()
    await parts.stop()

    assert await parts.stop() == []
    assert notes == ["+store", "-store"]


async def test_a_step_without_a_way_up_starts_by_itself_and_is_stopped() -> None:
    notes: list[str] = []

    async def close() -> None:
        notes.append("closed")

    parts = Parts([Step("cache", down=close)])
    await parts.start()
    assert await parts.stop() == []

    assert notes == ["closed"]
