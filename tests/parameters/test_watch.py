"""What a node promises of parameters: what is stored is in force at its start and soon after each change, and it says so."""

import asyncio

import sqlalchemy as sa

from tests.parameters.conftest import LIMIT
from tests.support.clock import ManualClock
from trinity_beast.clock import Clock, SystemClock
from trinity_beast.parameters import ConfigCache, Declarations, Deployment, Readings, ThisNode, store
from trinity_beast.parameters.parameters import DEPLOY_SECONDS
from trinity_beast.parameters.service import ParameterEditor
from trinity_beast.parameters.settled import Change, Settled
from trinity_beast.parameters.watch import CHANNEL, ParameterWatch
from trinity_beast.storage import Database, Notices

ANNA = Change("anna")
EVENT_SECONDS = 20.0
FULL = "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$"


ONE = ThisNode("id of one", "one")


class Node:
    """A node's readings and what keeps them."""

    def __init__(self, name: str, database: Database, declared: Declarations, cache: ConfigCache | None = None) -> None:
        self.readings = Readings()
        clock = SystemClock()
        notices, here = Notices(database.url, CHANNEL, clock), ThisNode(f"id of {name}", name)
        self.watch = ParameterWatch(database, notices, declared, self.readings, node=here, clock=clock, cache=cache)
        self.limit = self.readings.of(LIMIT)
        self._moved = asyncio.Event()
        self.watch.on_version = self._note

    def _note(self, _settled: Settled) -> None:
        self._moved.set()

    async def runs(self, version: int) -> None:
        async with asyncio.timeout(EVENT_SECONDS):
            while self.watch.version != version:
                self._moved.clear()
                await self._moved.wait()


def deployment(database: Database, editor: ParameterEditor, node: Node, clock: Clock | None = None) -> Deployment:
    return Deployment(database, editor, node.watch, clock=clock or SystemClock(), readings=node.readings)


async def test_what_is_stored_is_in_force_when_the_node_has_started(
    own_database: Database, declared: Declarations, editor: ParameterEditor
) -> None:
    await editor.set({"limit": 20}, ANNA)
    node = Node("one", own_database, declared)
    assert node.limit.value == 10
    await node.watch.start()
    try:
        assert (node.limit.value, node.watch.version) == (20, 1)
        assert node.readings.of(declared.named("window_max")).value == 45.0
    finally:
        await node.watch.stop()


async def test_what_was_seen_is_in_force_even_where_that_cannot_be_confirmed(
    own_database: Database, declared: Declarations, editor: ParameterEditor
) -> None:
    node = Node("one", own_database, declared)
    await editor.set({"limit": 20}, ANNA)
    async with own_database.transaction() as tx:
        await tx.execute(sa.text(FULL))
        await tx.execute(sa.text("CREATE TRIGGER is_full BEFORE INSERT ON application_parameter_nodes EXECUTE FUNCTION is_full()"))
    assert await node.watch.look() == 1
    assert node.limit.value == 20


async def test_a_change_is_in_force_on_every_node_and_each_confirms_it(
    own_database: Database, declared: Declarations, editor: ParameterEditor
) -> None:
    nodes = [Node(name, own_database, declared) for name in ("one", "two", "three")]
    for node in nodes:
        await node.watch.start()
    try:
        await editor.set({"limit": 20}, ANNA)
        for node in nodes:
            await node.runs(1)
            assert node.limit.value == 20
        deployed = await deployment(own_database, editor, nodes[0]).force(by="anna")
        assert (deployed.version, list(deployed.behind)) == (1, [])
        assert [(one.name, one.version) for one in deployed.nodes] == [("one", 1), ("three", 1), ("two", 1)]
        assert deployed.all_ms is not None
    finally:
        for node in nodes:
            await node.watch.stop()


async def test_a_node_that_does_not_confirm_is_named(own_database: Database, declared: Declarations, editor: ParameterEditor) -> None:
    node, clock = Node("one", own_database, declared), ManualClock()
    await editor.set({"limit": 20}, ANNA)
    await node.watch.look()
    async with own_database.transaction() as tx:
        await store.confirm(tx, "id of lost", "lost", 0)
    deploying = asyncio.create_task(deployment(own_database, editor, node, clock).force(by="anna"))
    for _ in range(round(DEPLOY_SECONDS.default)):
        await clock.wait_for_sleepers()
        clock.advance(1.0)
    deployed = await deploying
    assert list(deployed.behind) == ["lost"]
    assert deployed.all_ms is None


async def test_without_a_database_a_node_goes_on_with_what_it_has(
    own_database: Database, declared: Declarations, editor: ParameterEditor
) -> None:
    await editor.set({"limit": 20}, ANNA)
    node = Node("one", own_database, declared)
    assert await node.watch.look() == 1
    gone = Database("postgresql://127.0.0.1:1/none")
    away = ParameterWatch(gone, Notices(gone.url, CHANNEL, SystemClock()), declared, node.readings, node=ONE, clock=SystemClock())
    assert await away.look() == 0
    assert node.limit.value == 20
    await gone.close()
