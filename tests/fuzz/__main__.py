"""Fuzz every reader for FUZZ_SECONDS, two at a time: `make fuzz`.

Ends with 1 when any of them found something; the input is kept, and the line that repeats it is shown.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.fuzz.targets import ROOT, Target, build_engine_targets, python_targets

AT_ONCE = 2
REPORT_LINES = 40


def hunt(target: Target, *, seconds: int) -> bool:
    """Fuzz one target and say what came of it; whether nothing was found."""
    ended = subprocess.run(
        target.arguments(seconds), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=seconds + 300
    )
    report = ended.stdout.decode("utf-8", "replace")
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", report)
    if ended.returncode == 0 and runs:
        sys.stderr.write(f"fuzz {target.name}: {int(runs[1]):,} inputs in {seconds} s, nothing found\n")
        return True
    tail = "\n".join(report.splitlines()[-REPORT_LINES:])
    sys.stderr.write(f"{tail}\nfuzz {target.name}: FOUND. Repeat it with: {' '.join(target.command)} {target.artifacts}/FILE\n")
    return False


def main() -> int:
    """Build the targets, fuzz all of them, and return the exit status."""
    seconds = int(os.environ.get("FUZZ_SECONDS", "45"))
    targets = [*build_engine_targets(), *python_targets()]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        clean = list(pool.map(partial(hunt, seconds=seconds), targets))
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
