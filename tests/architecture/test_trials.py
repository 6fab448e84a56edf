import pytest

from tests.architecture.source import checkout, source
from tests.architecture.trials import trial_findings


def test_no_test_patches_sleeps_or_is_switched_off() -> None:
    assert [str(finding) for finding in trial_findings(checkout())] == []


@pytest.mark.parametrize(
    "text",
    [
        "def test_x(monkey" + "patch): ...",
        "from unittest import mock",
        "from unittest.mock import Mock",
        "import time\ntime." + "sleep(0.1)",
        "import asyncio\nasync def test_x():\n    await asyncio." + "sleep(0.01)",
        "@pytest.mark." + "skip\ndef test_x(): ...",
        "@pytest.mark." + "skip(reason='later')\ndef test_x(): ...",
        "@pytest.mark.xfail\ndef test_x(): ...",
    ],
)
def test_a_patch_a_sleep_and_a_switched_off_test_are_found(text: str) -> None:
    assert trial_findings([source("tests/access/test_keys.py", text)]) != []


@pytest.mark.parametrize(
    "text",
    [
        "import asyncio\nasync def test_x():\n    await asyncio.sleep(0)",
        "async def test_x(clock):\n    await clock.sleep(5)",
        "@pytest.mark.skipif(not captures, reason='The recordings are not beside this checkout.')\ndef test_x(): ...",
    ],
)
def test_giving_way_a_manual_clock_and_a_stated_absence_are_left_alone(text: str) -> None:
    assert trial_findings([source("tests/access/test_keys.py", text)]) == []
