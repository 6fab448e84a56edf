"""Fuzz the grammar of feed rows with Atheris: `python -m tests.fuzz.rows_under_atheris CORPUS… -max_total_time=60`."""

import sys

import atheris

with atheris.instrument_imports(include=["trinity_beast.feeds"]):
    from tests.fuzz.rows import check_row

if __name__ == "__main__":
    atheris.Setup(sys.argv, check_row)
    atheris.Fuzz()
