"""One node for all that is asked in turn, and one that may be left in any state."""

from collections.abc import Iterator

import pytest

from tests.openapi.running import DescribedNode, described_node
from tests.support.database import Cluster
from tests.support.valkey import ValkeyServerOfATest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-examples", action="store_true", help="keep what a node answers as what the examples say it answers")


@pytest.fixture
def is_recording(request: pytest.FixtureRequest) -> bool:
    # Known only where this folder is named to pytest; elsewhere nobody records.
    return bool(request.config.getoption("--record-examples", default=False))


@pytest.fixture(scope="module")
def node(cluster: Cluster, valkey_server: ValkeyServerOfATest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DescribedNode]:
    """A node that was just started on an empty database."""
    url = cluster.clone()
    try:
        with described_node(tmp_path_factory.mktemp("described"), url, valkey_server.url) as node:
            yield node
    finally:
        cluster.drop(url)
