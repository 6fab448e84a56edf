import pytest

from tests.architecture.purity import hidden_import_findings, hidden_reading_findings
from tests.architecture.source import checkout, source


def test_time_randomness_and_environment_are_read_in_their_own_files() -> None:
    assert [str(finding) for finding in hidden_reading_findings(checkout())] == []


def test_every_import_stands_at_the_top() -> None:
    assert [str(finding) for finding in hidden_import_findings(checkout())] == []


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.time()",
        "import time as t\nt.monotonic_ns()",
        "from time import perf_counter\nperf_counter()",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.utcnow()",
        "import datetime as dt\ndt.date.today()",
        "import asyncio\nasyncio.sleep(1)",
        "from asyncio import sleep\nsleep(1)",
        "import random\nrandom.random()",
        "from random import choice\nchoice([1])",
        "import secrets\nsecrets.token_hex()",
        "from uuid import uuid4\nuuid4()",
        "import os\nos.urandom(8)",
        "import os\nos.environ['HOME']",
        "import os\nread = os.getenv",
        "from os import environ\nenviron.get('HOME')",
    ],
)
def test_a_hidden_reading_is_found_however_it_is_spelled(text: str) -> None:
    assert len(hidden_reading_findings([source("trinity_beast/access/service.py", text)])) >= 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("clock.py", "import time\ntime.time_ns()"),
        ("randomness.py", "import secrets\nsecrets.token_bytes(8)"),
        ("settings.py", "import os\nos.environ.get('REGION')"),
        ("feeds/backoff.py", "import random\ndef wait(dice: random.Random) -> float:\n    return dice.random()"),
        ("feeds/backoff.py", "from random import Random\ndef wait(dice: Random) -> float:\n    return dice.random()"),
        ("feeds/feed.py", "import asyncio\nasyncio.sleep(0)"),
        ("feeds/feed.py", "async def run(self, clock):\n    await clock.sleep(1)\n    self.time.time()"),
        ("access/model.py", "from uuid import UUID\nUUID(int=1)"),
        ("access/model.py", "from datetime import datetime\ndatetime.fromtimestamp(0)"),
    ],
)
def test_what_is_handed_in_is_left_alone(path: str, text: str) -> None:
    assert hidden_reading_findings([source(f"trinity_beast/{path}", text)]) == []


@pytest.mark.parametrize(
    "text",
    [
        "def late() -> None:\n    import json\n",
        "class Late:\n    async def method(self) -> None:\n        from json import loads\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import json\n",
        "import typing\nif typing.TYPE_CHECKING:\n    import json\n",
    ],
)
def test_a_hidden_import_is_found(text: str) -> None:
    assert hidden_import_findings([source("trinity_beast/access/service.py", text)]) != []
