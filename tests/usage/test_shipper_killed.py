"""A shipper killed at any step of reading, storing, noting and deleting loses nothing and stores nothing twice."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.support.segments import Layout, Written
from trinity_beast.storage.addresses import database_url, libpq_url

CHECKOUT = Path(__file__).parent.parent.parent
NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z
DAY_NS = 86_400_000_000_000


@pytest.mark.timeout(120)
def test_a_kill_at_the_nth_step_for_every_n_loses_nothing_and_stores_nothing_twice(own_database_url: str, tmp_path: Path) -> None:
    records = [Written(time_ns=NOON_NS + place * DAY_NS // 150, key_id=place % 3, flags=1) for place in range(250)]
    for thread in (1, 2):
        Layout(thread=thread, capacity=250).write(tmp_path, records)

    told = subprocess.run(
        [sys.executable, "-m", "tests.usage.dying_shipper", tmp_path, own_database_url],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr
    # Two tables of names, the words, two days, three batches of two files: each transaction alone has three steps.
    assert int(told.stdout) >= 30, "so few steps cannot be all there are"
    with psycopg.connect(libpq_url(database_url(own_database_url))) as connection:
        rows = connection.execute("SELECT thread, sequence FROM usage_logs JOIN usage_lanes USING (lane_id) ORDER BY 1, 2").fetchall()
        counted = connection.execute("SELECT sum(requests), sum(charged) FROM usage_key_days").fetchone()
    assert rows == [(thread, sequence) for thread in (1, 2) for sequence in range(41, 291)]
    assert counted == (500, 500)
    assert not list(tmp_path.glob("*.sealed"))
