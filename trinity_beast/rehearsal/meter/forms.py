"""Reading a report in each of its four forms, by a reader of our own. Pure."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping

from trinity_beast.rehearsal.errors import AnswerUnreadable
from trinity_beast.rehearsal.meter.model import Counted

FORMS = ("json", "csv", "tsv", "text")
_GAP = re.compile(r" {2,}")
REFUSED_FROM = 400


def listed(form: str, text: str) -> Counted:
    """Return how many answers a listing tells, and how many of them were refused.

    Raises:
        AnswerUnreadable: it is no listing in this form.
    """
    rows = list(_rows(form, text))
    try:
        return Counted(len(rows), sum(int(row["status"]) >= REFUSED_FROM for row in rows))
    except (KeyError, ValueError) as error:
        raise AnswerUnreadable(answer=text[:200], reason=repr(error)) from error


def summed_up(form: str, text: str) -> Counted:
    """Return the totals of a summary.

    Raises:
        AnswerUnreadable: it is no summary in this form.
    """
    try:
        totals = [row for row in _rows(form, text) if row["dimension"] == "all"]
        [total] = totals or [{"requests": "0", "refused": "0"}]
        return Counted(int(total["requests"]), int(total["refused"]))
    except (KeyError, ValueError) as error:
        raise AnswerUnreadable(answer=text[:200], reason=repr(error)) from error


def _rows(form: str, text: str) -> Iterable[Mapping[str, str]]:
    match form:
        case "json":
            return _objects(text)
        case "csv":
            return csv.DictReader(io.StringIO(text, newline=""))
        case "tsv":
            return csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")
        case _:
            return _columns(text)


def _objects(text: str) -> list[Mapping[str, str]]:
    try:
        rows = json.loads(text)["data"]["rows"]
        return [{name: str(cell) for name, cell in row.items()} for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnswerUnreadable(answer=text[:200], reason=repr(error)) from error


def _columns(text: str) -> Iterable[Mapping[str, str]]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    names = _GAP.split(lines[0].strip()) if lines else []
    for line in lines[1:]:
        cells = _GAP.split(line.strip())
        if len(cells) != len(names):
            raise AnswerUnreadable(answer=line[:200], reason=f"it has {len(cells)} columns, not {len(names)}")
        yield dict(zip(names, cells, strict=True))
