"""The lab takes orders over HTTP from who holds its token."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import aiohttp
import pytest

from tests.lab.client import LabClient, rows_of
from tests.support.clock import ManualClock
from tests.support.randomness import SeededSecrets
from trinity_beast.lab import ControlAddress, Lab, LabControl
from trinity_beast.words import Symbol, Venue


@pytest.fixture
async def control(lab: Lab) -> AsyncIterator[ControlAddress]:
    control = LabControl(lab, SeededSecrets())
    yield await control.start()
    await control.stop()


async def _ask(control: ControlAddress, method: str, path: str, body: object = None, *, token: str | None = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {control.token if token is None else token}"}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
        session.request(method, control.url + path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def test_without_the_token_nothing_is_told_or_done(control: ControlAddress, lab: Lab) -> None:
    for token in ("", "wrong", control.token[:-1]):
        assert (await _ask(control, "POST", "/faults", {"order": "mute coinbase"}, token=token))[0] == 401
        assert (await _ask(control, "GET", "/status", token=token))[0] == 401
    assert lab.faults() == []


async def test_an_order_in_words_takes_effect_on_the_wire(control: ControlAddress, client: LabClient) -> None:
    await client.subscribe("BTC-USD")
    status, answer = await _ask(control, "POST", "/faults", {"order": "mute coinbase BTC-USD for_seconds=60"})
    assert status == 200
    assert answer["faults"] == [{"verb": "mute", "venue": "coinbase", "symbol": "BTC-USD", "options": {"for_seconds": 60.0}}]
    assert rows_of(await client.during(5)) == []


async def test_an_order_in_parts_does_the_same(control: ControlAddress, lab: Lab) -> None:
    body = {"verb": "future_times", "venue": "coinbase", "symbol": "BTC-USD", "options": {"ahead_seconds": 5}}
    assert (await _ask(control, "POST", "/faults", body))[0] == 200
    (fault,) = lab.faults()
    assert (fault.verb, vars(fault)["ahead_seconds"]) == ("future-times", 5.0)


async def test_all_faults_are_listed_and_ended_at_once(control: ControlAddress, lab: Lab) -> None:
    await lab.fault("mute coinbase BTC-USD")
    await lab.fault("rest-status coinbase")
    _, answer = await _ask(control, "GET", "/faults")
    assert [fault["verb"] for fault in answer["faults"]] == ["mute", "rest-status"]
    assert (await _ask(control, "DELETE", "/faults"))[1] == {"faults": []}
    assert lab.faults() == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"order": "explode coinbase"}, "LAB_FAULT_UNKNOWN"),
        ({"order": "mute"}, "LAB_FAULT_MISSPOKEN"),
        ({"order": "mute coinbase NOPE-USD"}, "LAB_FAULT_MISSPOKEN"),
        ({"order": "mute coinbase BTC-USD loudly=yes"}, "LAB_FAULT_MISSPOKEN"),
        ({"order": "freeze coinbase BTC-USD"}, "LAB_FAULT_MISSPOKEN"),
        ({"order": "rest-status coinbase status=200"}, "LAB_FAULT_MISSPOKEN"),
        ({"order": "rest-slow coinbase seconds=-1"}, "LAB_FAULT_MISSPOKEN"),
        ({"order": "rest-slow coinbase seconds=nan"}, "LAB_FAULT_MISSPOKEN"),
        ({"order": "mute 'coinbase"}, "LAB_FAULT_MISSPOKEN"),
        ({"order": ""}, "LAB_FAULT_MISSPOKEN"),
        ({"order": "mute nasdaq"}, "LAB_VENUE_NOT_PLAYED"),
        ({"verb": "mute"}, "LAB_FAULT_MISSPOKEN"),
        ({"verb": "mute", "venue": "coinbase", "options": 7}, "LAB_FAULT_MISSPOKEN"),
        ([], "LAB_FAULT_MISSPOKEN"),
    ],
)
async def test_a_senseless_order_is_refused_with_its_reason(control: ControlAddress, lab: Lab, body: object, code: str) -> None:
    status, answer = await _ask(control, "POST", "/faults", body)
    assert status in {400, 404}
    assert answer["code"] == code
    assert answer["facts"]
    assert lab.faults() == []


async def test_the_status_counts_clients_symbols_trades_and_frames(control: ControlAddress, client: LabClient, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD", "ETH-USD")
    frames = await client.during(3)
    _, answer = await _ask(control, "GET", "/status")
    (venue,) = answer["venues"]
    assert (venue["venue"], venue["connections"], venue["symbols"]) == ("coinbase", 1, 2)
    assert venue["trades_printed"] > 10
    assert venue["frames_sent"] > len(frames)


async def test_the_truth_at_a_time_is_told_whatever_the_faults(control: ControlAddress, client: LabClient, lab: Lab) -> None:
    await lab.fault("mute coinbase")
    await client.during(5)
    tape = lab.market.tape(Venue("coinbase"), Symbol("BTC-USD"))
    assert tape is not None
    newest, *_, past = tape.recent(5)

    _, answer = await _ask(control, "GET", f"/truth?venue=coinbase&symbol=BTC-USD&at_ns={past.time_ns}")
    true = tape.last_at(past.time_ns)
    assert true is not None
    assert answer["trade"] == asdict(true)
    _, answer = await _ask(control, "GET", "/truth?venue=coinbase&symbol=BTC-USD")
    assert answer["trade"] == asdict(newest)
    assert (await _ask(control, "GET", "/truth?venue=coinbase&symbol=NOPE"))[0] == 404
