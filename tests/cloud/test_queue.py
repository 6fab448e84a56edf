"""What our way to a queue promises, against a real stand-in of SQS."""

import asyncio

import pytest

from tests.support.ministack import MiniStackOfATest, queue_at
from trinity_beast.cloud import CALL_BYTES_MAX, Queue, Received
from trinity_beast.storage import DependencyAway

HOLD_SECONDS = 60


async def received(queue: Queue, *, hold_seconds: int = HOLD_SECONDS) -> list[Received]:
    return list(await queue.receive(wait_seconds=1, visible_after_seconds=hold_seconds))


async def test_what_is_sent_is_received_once_while_it_is_held_and_gone_once_deleted(queue: Queue) -> None:
    assert await queue.send(["one", "two"]) == []
    messages = await received(queue)
    assert sorted(message.body for message in messages) == ["one", "two"]
    assert {message.receipts for message in messages} == {1}
    assert (await queue.backlog()).in_hand == 2
    assert await received(queue) == []
    assert await queue.delete(messages) == []
    backlog = await queue.backlog()
    assert (backlog.waiting, backlog.in_hand) == (0, 0)


async def test_what_is_given_back_is_given_out_again_and_counted(queue: Queue) -> None:
    await queue.send(["one"])
    for receipts in (1, 2, 3):
        [message] = await received(queue)
        assert (message.body, message.receipts) == ("one", receipts)
        await queue.hold([message], seconds=0)


async def test_a_call_carries_256_kilobytes(queue: Queue) -> None:
    assert await queue.send(["x" * CALL_BYTES_MAX]) == []
    [message] = await received(queue)
    assert len(message.body) == CALL_BYTES_MAX


async def test_a_long_poll_wakes_when_a_message_comes(queue: Queue) -> None:
    async with asyncio.timeout(20):
        polling = asyncio.create_task(queue.receive(wait_seconds=15, visible_after_seconds=HOLD_SECONDS))
        await queue.send(["late"])
        [message] = await polling
    assert message.body == "late"


async def test_a_receipt_that_is_none_is_told_by_its_message(queue: Queue) -> None:
    await queue.send(["one"])
    [message] = await received(queue)
    stranger = Received("id", "", "no such handle", 1)
    assert await queue.delete([stranger, message]) == [stranger]


async def test_a_queue_that_does_not_exist_is_away(ministack: MiniStackOfATest) -> None:
    queue = queue_at(f"{ministack.url}/000000000000/nobody-made-this", ministack)
    with pytest.raises(DependencyAway, match=r"NonExistentQueue|QueueDoesNotExist"):
        await queue.send(["one"])
    await queue.close()


async def test_a_stand_in_that_died_is_away_and_answers_again_when_it_is_back(own_ministack: MiniStackOfATest) -> None:
    queue = queue_at(own_ministack.make_queue("usage"), own_ministack)
    await queue.send(["one"])
    own_ministack.kill()
    with pytest.raises(DependencyAway):
        await queue.backlog()
    own_ministack.start()
    own_ministack.make_queue("usage")
    assert await queue.send(["two"]) == []
    await queue.close()


async def test_a_frozen_stand_in_is_away_after_the_bound_of_a_call(own_ministack: MiniStackOfATest) -> None:
    queue = queue_at(own_ministack.make_queue("usage"), own_ministack, call_seconds=0.3)
    own_ministack.freeze()
    with pytest.raises(DependencyAway, match=r"no answer within 0\.3 s"):
        await queue.send(["one"])
    own_ministack.thaw()
    await queue.close()
