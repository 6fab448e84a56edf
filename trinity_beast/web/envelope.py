"""The shape of every JSON answer: twelve fields, and four more where something is refused (RFC 9457)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"


class Identity(msgspec.Struct, frozen=True):
    """Who answers: the same in every envelope of one app."""

    service: str
    node: str
    region: str
    version: str


class Detail(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request: where, under which code, what, and what to do.

    `facts` is told only where a program can do something with it, such as mark a character.
    """

    location: str
    code: str
    message: str
    fix: str
    facts: Mapping[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Envelope(msgspec.Struct, kw_only=True):
    """The twelve fields, in the order of the contract."""

    success: bool
    service: str
    code: str
    message: str
    data: Any
    errors: Sequence[Detail]
    request_id: str
    timestamp: str
    latency_us: int
    node: str
    region: str
    version: str


class Problem(Envelope, kw_only=True):
    """An envelope that is a valid RFC 9457 problem as well."""

    type: str
    title: str
    status: int
    detail: str


def timestamp_of(moment: datetime) -> str:
    """Return a time as answers tell it: UTC, to the microsecond."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def packed(envelope: Envelope) -> bytes:
    """Return the bytes of an answer, compact."""
    return _ENCODER.encode(envelope)


def problem_page(code: str) -> str:
    """Return the address of the page that explains `code`."""
    return f"/problems/{code}"


def _other(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no shape in JSON")


_ENCODER = msgspec.json.Encoder(decimal_format="string", enc_hook=_other)
