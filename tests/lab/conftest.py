"""A lab on a clock that stands still, and clients that speak to it with libraries the lab does not use."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from tests.lab.client import LabClient, Rest
from tests.support.clock import ManualClock
from trinity_beast.lab import Lab, LabAddresses, open_market
from trinity_beast.lab.venues import Coinbase
from trinity_beast.randomness import dice_from
from trinity_beast.words import Venue

COINBASE = Venue("coinbase")
Connect = Callable[[], Awaitable[LabClient]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def lab(clock: ManualClock) -> AsyncIterator[Lab]:
    lab = Lab(open_market(seed=7, kinds={COINBASE: Coinbase}), clock, dice_from("lab"))
    yield lab
    await lab.stop()


@pytest.fixture
async def addresses(lab: Lab) -> LabAddresses:
    return (await lab.start())[COINBASE]


@pytest.fixture
async def connect(addresses: LabAddresses, clock: ManualClock) -> AsyncIterator[Connect]:
    clients: list[LabClient] = []

    async def one_more() -> LabClient:
        clients.append(await LabClient.connect(addresses.ws_url, clock))
        return clients[-1]

    yield one_more
    for client in clients:
        await client.leave()


@pytest.fixture
async def client(addresses: LabAddresses, clock: ManualClock) -> AsyncIterator[LabClient]:
    client = await LabClient.connect(addresses.ws_url, clock)
    yield client
    await client.leave()


@pytest.fixture
async def rest(addresses: LabAddresses) -> AsyncIterator[Rest]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield Rest(session, addresses.rest_url)
