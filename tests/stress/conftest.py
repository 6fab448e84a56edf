"""What the tests of stress tests may ask for."""

from collections.abc import Iterator

import pytest

from tests.stress.engine_node import EngineNode, engine_node


@pytest.fixture
def node() -> Iterator[EngineNode]:
    """An engine that answers its one key without a limit."""
    with engine_node() as node:
        yield node
