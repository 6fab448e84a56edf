"""Which nodes make the dashboard by themselves: those with something to look at."""

from pathlib import Path

import pytest

from tests.support.randomness import SeededSecrets
from trinity_beast.clock import SystemClock
from trinity_beast.compose.ground import ground
from trinity_beast.compose.modes import Entrance
from trinity_beast.randomness import dice
from trinity_beast.settings import Mode, read_settings


@pytest.mark.parametrize("mode", list(Mode))
async def test_only_where_prices_are_sold_is_it_made_every_hour(own_database_url: str, tmp_path: Path, mode: Mode) -> None:
    settings = read_settings(environment={}, mode=mode, data_dir=tmp_path, database_url=own_database_url)
    async with ground(settings, SystemClock(), SeededSecrets(), dice()) as on:
        working = Entrance(on).working
        jobs = {standing.name for standing in await working.runs.standing()}
        await working.database.close()

    assert ("ops.daily" in jobs) == (mode in (Mode.APP_SERVER, Mode.APP_REPORT_SERVER))
    assert "usage.roll_up" in jobs
