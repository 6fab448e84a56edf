"""Another venue is one more class: the market, the faults, the limits and the recordings come by themselves."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from tests.lab.client import LabClient, rows_of
from tests.support.clock import ManualClock
from trinity_beast.lab import Lab, LabAddresses, VenueNotPlayed, open_market
from trinity_beast.lab.connection import Connection
from trinity_beast.lab.market import RecordedTrades
from trinity_beast.lab.model import Listing, MarketTrade
from trinity_beast.lab.protocol import VenueProtocol
from trinity_beast.lab.venues import Coinbase
from trinity_beast.randomness import dice_from
from trinity_beast.words import Asset, Symbol, Venue

COINBASE, PLAIN = Venue("coinbase"), Venue("plain")


class Plain(VenueProtocol):
    """One trade a frame, at once; anything asked for is a symbol."""

    venue: ClassVar[Venue] = PLAIN
    socket_path: ClassVar[str] = "/v2"

    @classmethod
    def listings(cls, assets: Sequence[Asset]) -> list[Listing]:
        return [Listing(PLAIN, Symbol(asset.lower()), asset, "USD", asset, "1", 5, 5, 2.0, pads_digits=True) for asset in assets]

    @classmethod
    def read_recorded(cls, _frame: str) -> Iterable[RecordedTrades]:
        return ()

    def opened(self, connection: Connection) -> None:
        connection.put('{"hello":"you"}')

    def unreadable(self, connection: Connection, text: str) -> None:
        connection.has_asked = True
        connection.channels.setdefault("trades", {})[Symbol(text)] = None

    def publish(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        for connection in self.desk.connections:
            if symbol in connection.channels.get("trades", {}):
                for trade in trades:
                    connection.put(json.dumps({"s": symbol, "p": trade.price, "E": trade.time_ns}), symbol=symbol)

    def asked(self, _connection: Connection, _message: dict[str, Any]) -> None:
        raise AssertionError("nobody here speaks JSON")


@pytest.fixture
async def lab(clock: ManualClock) -> AsyncIterator[Lab]:
    kinds: dict[Venue, type[VenueProtocol]] = {COINBASE: Coinbase, PLAIN: Plain}
    lab = Lab(open_market(seed=7, kinds=kinds), clock, dice_from("two"), kinds=kinds)
    yield lab
    await lab.stop()


@pytest.fixture
async def both(lab: Lab, clock: ManualClock) -> AsyncIterator[tuple[LabClient, LabClient]]:
    addresses: dict[Venue, LabAddresses] = await lab.start()
    assert addresses[PLAIN].ws_url.endswith("/v2")
    clients = [await LabClient.connect(addresses[venue].ws_url, clock) for venue in (COINBASE, PLAIN)]
    await clients[0].subscribe("BTC-USD")
    await clients[1].send_text("btc")
    assert await clients[1].take() == [{"hello": "you"}]
    yield clients[0], clients[1]
    for client in clients:
        await client.leave()


async def test_venues_trade_the_same_asset_near_one_price(both: tuple[LabClient, LabClient]) -> None:
    here = [Decimal(row.price) for row in rows_of(await both[0].during(20))]
    there = [Decimal(frame["p"]) for frame in await both[1].take()]
    assert len(here) > 20
    assert len(there) > 20
    middle = here[len(here) // 2]
    assert all(abs(price / middle - 1) < Decimal("0.01") for price in there)
    assert all(len(str(price).split(".")[1]) == 5 for price in there), "each on its own grid"


async def test_a_fault_at_one_venue_leaves_the_other_alone(both: tuple[LabClient, LabClient], lab: Lab) -> None:
    await lab.fault("freeze coinbase")
    await both[1].during(5)
    assert both[0].raw == []
    await lab.fault("clear coinbase")
    await lab.fault("mute plain btc")
    assert await both[1].during(5) == []
    assert rows_of(await both[0].take())


async def test_a_venue_nobody_plays_is_refused(clock: ManualClock) -> None:
    with pytest.raises(VenueNotPlayed):
        Lab(open_market(kinds={PLAIN: Plain}), clock, dice_from("none"))


async def test_a_taken_port_is_refused_and_nothing_stays_open(lab: Lab, clock: ManualClock) -> None:
    addresses = await lab.start()
    taken = int(addresses[COINBASE].rest_url.rsplit(":", 1)[1])
    other = Lab(open_market(), clock, dice_from("other"))
    with pytest.raises(OSError, match="in use"):
        await other.start(first_port=taken - 1)
    await other.stop()
