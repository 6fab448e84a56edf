"""Made-up requests to all that is described, with and without a key: whatever comes, it is answered as the description says.

Two hundred thousand requests rather than some thousands: `BEAST_API_EXAMPLES=100 pytest tests/openapi/test_schemathesis.py`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.openapi.described import REFERENCE, SERVICES
from tests.openapi.running import DescribedNode

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("BEAST_API_EXAMPLES", "0"))
"""How many requests are made up for each operation, besides those at the edges of what is described; 0: a handful, and in a minute."""
HANDFUL = 1
PROGRAM = Path(sys.executable).with_name("schemathesis")
HERE = Path(__file__).parent
CONFIG = """
seed = 20261120
request-timeout = 30
hooks = "{hooks}"
[cache]
enabled = false
[headers]
{headers}
[generation]
deterministic = true
database = "none"
with-security-parameters = {makes_up_keys}
max-examples = {examples}
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]
[checks.positive_data_acceptance]
enabled = false
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "409", "413", "422", "429", "431", "5xx"]
[phases.stateful]
enabled = false
[phases.coverage]
enabled = {at_the_edges}
[[operations]]
include-path-regex = "^/admin/"
headers = {{ {admin} }}
[[operations]]
include-path = ["/admin/seed-stress-report", "/admin/eam/discover/export"]
headers = {{ {admin} }}
phases.coverage.enabled = {at_every_edge}
"""
"""503 is an answer of ours: no price, no database, too busy. What fits a description may be refused for what it says (see judgement.py)."""


@pytest.mark.timeout(14_400 if EXAMPLES else 900)
@pytest.mark.parametrize("is_let_in", [True, False], ids=["with a key", "without a key"])
@pytest.mark.parametrize("service", SERVICES)
def test_whatever_is_asked_is_answered_as_described(node: DescribedNode, tmp_path: Path, service: str, *, is_let_in: bool) -> None:
    ended = subprocess.run(
        [PROGRAM, "--config-file", _config(node, tmp_path, is_let_in=is_let_in), "run", str(REFERENCE / SERVICES[service][0]),
         "--url", node.url(service), "--workers", "1", "--no-color"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(HERE.parents[1])}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-30_000:] + ended.stderr[-2_000:]


def _config(node: DescribedNode, folder: Path, *, is_let_in: bool) -> str:
    admin, key = (node.credentials(path) if is_let_in else {} for path in ("/admin/", "/"))
    told = [[f'"{name}" = "{value}"' for name, value in each.items()] for each in (admin, key)]
    config = CONFIG.format(
        hooks=HERE / "judgement.py",
        admin=", ".join(told[0]),
        headers="\n".join(told[1]),
        examples=EXAMPLES or HANDFUL,
        # Beside the right key, made-up ones elsewhere are passed over, which schemathesis would call let in by them.
        makes_up_keys=str(not is_let_in).lower(),
        # Who is not let in is refused before anything of the request is read; and one large body has a thousand edges,
        # and what an exchange lists takes a while each time.
        at_the_edges=str(is_let_in or EXAMPLES > 0).lower(),
        at_every_edge=str(EXAMPLES > 0).lower(),
    )
    (folder / "schemathesis.toml").write_text(config, encoding="utf-8")
    return str(folder / "schemathesis.toml")
