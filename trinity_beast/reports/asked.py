"""What a report is asked with: every field declared once, read strictly, each mistake told with what to say instead."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from trinity_beast.errors import Mistake
from trinity_beast.reports import moments
from trinity_beast.reports.errors import ReportInvalid
from trinity_beast.reports.model import Form, Kind
from trinity_beast.usage import Span

FIELDS_MAX = 64
VALUES_MAX = 50
PAGE_ROWS, PAGE_ROWS_MAX = 1_000, 10_000
ALL = "all"
PROTOCOLS = ("http", "udp", "push", "cli")
DELIMITERS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "pipe": "|", "tab": "\t"}
_ASSET = re.compile(r"[A-Z0-9]{1,16}", re.ASCII)
_SOURCE = re.compile(r"[A-Za-z0-9:._-]{1,48}", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)
_STATUS = re.compile(r"([1-5])xx|([1-5]\d\d)(?:-([1-5]\d\d))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a question: what it says, and for an example."""

    name: str
    about: str
    example: str
    is_list: bool = False
    of_listings: bool = False


FIELDS: tuple[Field, ...] = (
    Field("since", "From this moment on: `30d` (so long ago), `2026-11-01`, `today`, or `2026-11-01T00:00:00Z`. Default: 30 days.", "30d"),
    Field("until", "Until before this moment, said like `since`. Default: now.", "2026-11-20T12:00:00Z"),
    Field("day", "One whole day, instead of `since` and `until`.", "2026-11-20"),
    Field("month", "One whole month, instead of `since` and `until`.", "2026-11"),
    Field("zone", "By whose calendar days are meant and told. Default: UTC.", "Europe/Berlin"),
    Field("asset", "Only of these assets, commas between.", "BTC,ETH", is_list=True),
    Field("source", "Only of these sources: tags, or exchanges.", "coinbase-ws,kraken", is_list=True),
    Field("status", "Only with these statuses: `200`, `4xx`, `400-499`.", "4xx,503", is_list=True),
    Field("protocol", "Only over these protocols: `http`, `udp`, `push`, `cli`.", "udp", is_list=True),
    Field("key_id", "Only of these keys, by number or public id. Default: all that belong to whoever asks.", "7", is_list=True),
    Field("format", "`json`, `csv`, `tsv` or `text`. Default: what `Accept` asks for, else `json`.", "csv"),
    Field("delimiter", "What stands between the values of `csv`: `comma`, `semicolon`, `pipe` or `tab`.", "semicolon"),
    Field("order", "`newest` or `oldest` first. Default: `newest`.", "oldest", of_listings=True),
    Field("page_size", f"Rows in one answer, 1 to {PAGE_ROWS_MAX}, or `all` for the whole report in one stream.", "500", of_listings=True),
    Field("cursor", "Where to go on, as the page before said.", "", of_listings=True),
)
BY_NAME: Mapping[str, Field] = {each.name: each for each in FIELDS}
_CREDENTIAL = "key"
_NOT_FILTERS = frozenset(["format", "delimiter", "page_size", "cursor"])


@dataclass(frozen=True, slots=True)
class Asked:
    """A report as it is asked for. `page_rows` None is all of it; `keys` are numbers or public ids, as they were given."""

    kind: Kind
    since: datetime
    until: datetime
    zone: ZoneInfo | None = None
    assets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    statuses: tuple[Span, ...] = ()
    protocols: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    form: Form | None = None
    delimiter: str = ","
    newest_first: bool = True
    page_rows: int | None = PAGE_ROWS
    cursor: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    """The fields that say which rows, as they were given: a cursor goes on with these and no others."""

    @property
    def zone_name(self) -> str:
        """Return the calendar's name."""
        return "UTC" if self.zone is None else self.zone.key


def fields_of(query: bytes) -> list[tuple[str, str]]:
    """Return the fields of a query string, as they stand.

    Raises:
        ReportInvalid: it has too many, or is no text.
    """
    try:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        mistake = Mistake("query", f"the query is no text of {FIELDS_MAX} fields at most", "Escape what is not a letter or digit as %XX.")
        raise ReportInvalid([mistake]) from None


def asked_of(kind: Kind, given: Sequence[tuple[str, str]], now: datetime) -> Asked:
    """Return what is asked.

    Raises:
        ReportInvalid: something of it makes no sense; all of it is told at once.
    """
    reading = _Reading(kind, given)
    zone = reading.read("zone", moments.zone_of)
    since, until = _span(reading, now, zone)
    asked = Asked(
        kind=kind,
        since=since,
        until=until,
        zone=zone,
        assets=reading.read_each("asset", _asset),
        sources=reading.read_each("source", _source),
        statuses=reading.read_each("status", _status),
        protocols=reading.read_each("protocol", _protocol),
        keys=reading.read_each("key_id", _key),
        form=reading.read("format", _form),
        delimiter=reading.read("delimiter", _delimiter) or ",",
        newest_first=reading.read("order", _is_newest) is not False,
        page_rows=_page_rows(reading),
        cursor=reading.texts.get("cursor", ""),
        filters={name: text for name, text in reading.texts.items() if name not in _NOT_FILTERS},
    )
    reading.expect_sense(asked)
    return asked


T = TypeVar("T")


class _Reading:
    """The fields that were given, by name, and what is wrong with them."""

    def __init__(self, kind: Kind, given: Sequence[tuple[str, str]]) -> None:
        self.mistakes: list[Mistake] = []
        self.texts: dict[str, str] = {}
        for name, text in given:
            if name == _CREDENTIAL:
                continue
            declared = BY_NAME.get(name)
            if declared is None:
                self._is_wrong(name, f"there is no field {name[:60]!r}", _nearest(name))
            elif declared.of_listings and not kind.is_listing:
                self._is_wrong(name, f"{name} is not for sums", "Leave it out, or ask /reports/usage for the rows.")
            elif name in self.texts and not declared.is_list:
                self._is_wrong(name, f"{name} is given twice", "Give it once.")
            elif text == "":
                self._is_wrong(
                    name, f"{name} says nothing", f"Leave it out, or say for example {declared.example or 'what the page before said'}."
                )
            else:
                self.texts[name] = f"{self.texts[name]},{text}" if name in self.texts else text

    def read(self, name: str, reader: Callable[[str], T]) -> T | None:
        """Return a field as `reader` reads it, None where it was not given or says nothing that can be read."""
        text = self.texts.get(name)
        if text is None:
            return None
        try:
            return reader(text)
        except ValueError as error:
            self._is_wrong(name, str(error).partition(";")[0], _fix(str(error), name))
            return None

    def read_each(self, name: str, reader: Callable[[str], T]) -> tuple[T, ...]:
        """Return each of a field's values, in order, none twice."""
        texts = list(dict.fromkeys(text.strip() for text in self.texts.get(name, "").split(",") if text.strip()))
        if len(texts) > VALUES_MAX:
            self._is_wrong(name, f"{name} names {len(texts)}", f"Name {VALUES_MAX} at most.")
            return ()
        read = self.read(name, lambda _: tuple(reader(text) for text in texts))
        return read or ()

    def expect_sense(self, asked: Asked) -> None:
        """Raise what was wrong."""
        if asked.until <= asked.since and not self.mistakes:
            self._is_wrong("until", "the span ends before it begins", "Say an `until` that lies after `since`.")
        if asked.until - asked.since > moments.SPAN_MAX:
            self._is_wrong("since", f"the span is longer than {moments.SPAN_MAX.days} days", "Ask for a shorter one.")
        if self.mistakes:
            raise ReportInvalid(self.mistakes)

    def _is_wrong(self, name: str, message: str, fix: str) -> None:
        self.mistakes.append(Mistake(f"query.{name[:60]}", message, fix))


def _span(reading: _Reading, now: datetime, zone: ZoneInfo | None) -> tuple[datetime, datetime]:
    whole = [name for name in ("day", "month") if name in reading.texts]
    ends = [name for name in ("since", "until") if name in reading.texts]
    if len(whole) + bool(ends) > 1:
        reading.mistakes += [Mistake(f"query.{name}", f"{name} says which span, and so does another field", "Give one.") for name in whole]
    if whole:
        reader = moments.span_of_day if whole[0] == "day" else moments.span_of_month
        return reading.read(whole[0], lambda text: reader(text, zone)) or (now - moments.DEFAULT_SPAN, now)
    until = reading.read("until", lambda text: moments.moment_of(text, now, zone)) or now
    since = reading.read("since", lambda text: moments.moment_of(text, now, zone))
    return since or until - moments.DEFAULT_SPAN, until


def _page_rows(reading: _Reading) -> int | None:
    if reading.texts.get("page_size") == ALL:
        return None
    return reading.read("page_size", _rows) or PAGE_ROWS


def _rows(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= PAGE_ROWS_MAX):
        raise ValueError(f"{text[:20]!r} is no number of rows; say 1 to {PAGE_ROWS_MAX}, or all.")
    return int(text)


def _asset(text: str) -> str:
    if not _ASSET.fullmatch(text.upper()):
        raise ValueError(f"{text[:20]!r} is no asset; say a code such as BTC.")
    return text.upper()


def _source(text: str) -> str:
    if not _SOURCE.fullmatch(text):
        raise ValueError(f"{text[:50]!r} is no source; say a tag such as coinbase-ws, or an exchange such as kraken.")
    return text


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError(f"{text[:50]!r} is no key; say its number or its public id, never its secret.")
    return text


def _protocol(text: str) -> str:
    if text not in PROTOCOLS:
        raise ValueError(f"{text[:20]!r} is no protocol; say {', '.join(PROTOCOLS)}.")
    return text


def _status(text: str) -> Span:
    match = _STATUS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:20]!r} is no status; say 200, 4xx or 400-499.")
    if match[1]:
        return Span(int(match[1]) * 100, int(match[1]) * 100 + 99)
    return Span(int(match[2]), int(match[3] or match[2]))


def _form(text: str) -> Form:
    try:
        return Form(text)
    except ValueError:
        raise ValueError(f"{text[:20]!r} is no format; say {', '.join(Form)}.") from None


def _delimiter(text: str) -> str:
    if text not in DELIMITERS:
        raise ValueError(f"{text[:20]!r} is no delimiter; say {', '.join(DELIMITERS)}.")
    return DELIMITERS[text]


def _is_newest(text: str) -> bool:
    if text not in {"newest", "oldest"}:
        raise ValueError(f"{text[:20]!r} is no order; say newest or oldest.")
    return text == "newest"


def _fix(told: str, name: str) -> str:
    hint = told.partition("; ")[2]
    return f"{hint[:1].upper()}{hint[1:]}" if hint else f"Correct {name}."


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name[:60], BY_NAME, n=1)
    return f"Did you mean {near[0]}?" if near else f"There are {', '.join(BY_NAME)}."
