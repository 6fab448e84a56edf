from collections.abc import AsyncIterator

import pytest

from tests.callers.node import PriceNode, price_node


@pytest.fixture
async def node() -> AsyncIterator[PriceNode]:
    """A node with one generous key."""
    async with price_node() as node:
        node.issue()
        yield node
