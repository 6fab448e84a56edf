"""Kinds of values that requests carry, read strictly."""

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

NUMBER_MAX = 2**53 - 1
"""The largest whole number that every reader of JSON reads exactly."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written_out(given: object) -> object:
    if isinstance(given, str) and not _DAY.fullmatch(given):
        raise ValueError("a day is written as 2026-11-20")
    return given


Day = Annotated[date, BeforeValidator(_written_out)]
"""A day as it is written, `2026-11-20`; a bare number, which could be read as seconds since 1970, is none."""
