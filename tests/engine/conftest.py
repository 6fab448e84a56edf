"""A node that answers one price to one key, unless a test asks for another."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.callers import Caller
from tests.support.engines import Node


@pytest.fixture
def make_node() -> Iterator[Callable[..., Node]]:
    nodes: list[Node] = []

    def make(**settings: Any) -> Node:
        nodes.append(Node(**settings))
        return nodes[-1]

    yield make
    for node in nodes:
        node.close()


@pytest.fixture
def node(make_node: Callable[..., Node]) -> Node:
    node = make_node()
    node.admit()
    node.publish()
    return node


@pytest.fixture
def caller(node: Node) -> Caller:
    return node.caller()
