"""Among how many nodes limits are shared out, and when all agree."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from trinity_beast.access import LeaseSize, Membership
from trinity_beast.access.cluster.model import Fellowship
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database


class Cluster:
    def __init__(self, database: Database, clock: ManualClock) -> None:
        self._database, self._clock = database, clock

    def node(self, name: str, readings: Readings | None = None) -> Membership:
        return Membership(self._database, name, name, self._clock, readings or Readings())

    async def silence(self, name: str) -> None:
        """Have a node not been seen for over a minute."""
        async with self._database.transaction() as tx:
            await tx.execute(
                sa.text("UPDATE cluster_nodes SET seen_at = seen_at - :a_while WHERE node_id = :name"),
                {"name": name, "a_while": timedelta(seconds=61)},
            )


@pytest.fixture
def nodes(database: Database, clock: ManualClock) -> Cluster:
    return Cluster(database, clock)


async def test_a_newcomer_counts_at_once_and_shares_once_everybody_reckons_with_it(nodes: Cluster) -> None:
    one, two = nodes.node("one"), nodes.node("two")
    await one.look()
    assert one.fellowship() == Fellowship(1, True)
    await two.look()
    assert two.fellowship() == Fellowship(2, False), "the first reckons with itself alone, and would spend it all"
    await one.look()
    await two.look()
    assert (one.fellowship(), two.fellowship()) == (Fellowship(2, True), Fellowship(2, True))


async def test_a_node_that_falls_silent_counts_for_half_a_minute_more(nodes: Cluster) -> None:
    one, two = nodes.node("one"), nodes.node("two")
    for node in (one, two, one, two):
        await node.look()
    await nodes.silence("two")
    for _ in range(5):
        await one.look()
    assert one.fellowship().nodes == 2
    await one.look()
    assert one.fellowship().nodes == 1


async def test_a_node_that_leaves_is_not_waited_for(nodes: Cluster) -> None:
    one, two = nodes.node("one"), nodes.node("two")
    for node in (one, two, one):
        await node.look()
    await two.stop()
    await one.look()
    assert [fellow.node_id for fellow in one.fellows] == ["one"]


@pytest.mark.parametrize("expected", [1, 64])
async def test_no_fewer_are_reckoned_with_than_are_expected(nodes: Cluster, expected: int) -> None:
    readings = Readings()
    node = nodes.node("one", readings)
    readings.turn("nodes_expected", expected)
    await node.look()
    assert node.fellowship() == Fellowship(expected, True)


@pytest.mark.parametrize(
    ("name", "values"),
    [("lease_seconds", (0.01, 60.0)), ("lease_requests_min", (1, 1_000_000)), ("lease_requests_max", (1, 1_000_000))],
)
def test_a_lease_is_as_large_as_its_knobs_say_at_both_ends(name: str, values: tuple[float, float]) -> None:
    readings = Readings()
    size = LeaseSize(readings)
    place = ["lease_seconds", "lease_requests_min", "lease_requests_max"].index(name)
    for value in values:
        readings.turn(name, value)
        assert size.now()[place] == value
