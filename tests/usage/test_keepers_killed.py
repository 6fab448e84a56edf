"""Whoever sums usage up or mirrors it may be killed at any step: nothing is counted twice or left out, and the next goes on."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.support.segments import Written
from tests.support.usage_records import DAY_NS, NOON_NS, batches
from tests.support.valkey import ValkeyServerOfATest
from trinity_beast.storage import Database, address_for_libpq
from trinity_beast.usage import Writer

CHECKOUT = Path(__file__).parent.parent.parent
ROWS = 120


def lived(life: str, url: str, valkey_url: str, steps_each: int = 0) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-m", "tests.usage.dying_keepers", life, url, valkey_url, str(steps_each)],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()


@pytest.fixture
async def filled_url(own_database: Database, tmp_path: Path) -> str:
    """The address of a database with rows of three days and two lanes, none summed up or mirrored."""
    for thread in (1, 2):
        records = [Written(time_ns=NOON_NS + (place % 3 - 1) * DAY_NS + place, key_id=place % 4, flags=1) for place in range(ROWS // 2)]
        for batch in batches(tmp_path, records, thread=thread, records_max=12):
            await Writer(own_database).store(batch)
    return own_database.url


@pytest.mark.timeout(180)
def test_summing_up_killed_at_the_nth_step_for_every_n_counts_each_row_once(filled_url: str, valkey_url: str) -> None:
    [kills] = lived("days", filled_url, valkey_url)
    assert int(kills) >= 9, "so few steps cannot be all there are"
    with psycopg.connect(address_for_libpq(filled_url)) as connection:
        summed = connection.execute("SELECT day, key_id, sum(requests) FROM usage_days GROUP BY 1, 2 ORDER BY 1, 2").fetchall()
        counted = connection.execute("SELECT day, key_id, requests FROM usage_key_days ORDER BY 1, 2").fetchall()
        pending = connection.execute("SELECT count(*) FROM usage_day_changes").fetchone()
    assert [tuple(row) for row in summed] == [tuple(row) for row in counted]
    assert pending == (0,)


@pytest.mark.timeout(180)
def test_mirroring_killed_at_the_nth_step_for_every_n_leaves_nothing_out(
    filled_url: str, valkey_url: str, valkey_server: ValkeyServerOfATest
) -> None:
    *_, kills = lived("mirror", filled_url, valkey_url)
    assert int(kills) >= 9
    assert valkey_server.say("ZCARD", "usage_logs:index") == b":%d\r\n" % ROWS


@pytest.mark.timeout(180)
def test_mirroring_that_never_lives_long_comes_to_its_end_all_the_same(
    filled_url: str, valkey_url: str, valkey_server: ValkeyServerOfATest
) -> None:
    """Each life is too short for all of it, and long enough for two batches and their note."""
    rows, kills = lived("mirror", filled_url, valkey_url, steps_each=12)
    assert int(kills) >= 2
    assert int(rows.rpartition(" ")[2]) < ROWS // 2
    assert valkey_server.say("ZCARD", "usage_logs:index") == b":%d\r\n" % ROWS
