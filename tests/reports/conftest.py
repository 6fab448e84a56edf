from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.reports.stage import Stage, staged
from trinity_beast.storage import Database


@pytest.fixture
async def stage(own_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    """Reports on a port of their own, over an empty database."""
    async with staged(own_database, tmp_path) as stage:
        yield stage
