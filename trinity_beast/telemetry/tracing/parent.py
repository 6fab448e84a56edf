"""The header by which a caller says within which of its own spans it asks. Pure.

Source: https://www.w3.org/TR/trace-context/, "traceparent Header Field Values", read 2026-11-20.
"""

import re
from dataclasses import dataclass

_FORM = re.compile(r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?")
_SAMPLED = 1
_LENGTH_MAX = 512


@dataclass(frozen=True, slots=True)
class Parent:
    """A span of somebody else's, and whether it is kept there."""

    trace_id: bytes
    span_id: bytes
    is_kept: bool


def parent_of(text: str | None) -> Parent | None:
    """Return the span a header names; None where there is none, or it is not as it should be: then a trace of its own begins."""
    if text is None or len(text) > _LENGTH_MAX or (found := _FORM.fullmatch(text)) is None:
        return None
    is_future = found["version"] != "00"
    if found["version"] == "ff" or (found["more"] and not is_future) or not int(found["trace"], 16) or not int(found["span"], 16):
        return None
    return Parent(bytes.fromhex(found["trace"]), bytes.fromhex(found["span"]), bool(int(found["flags"], 16) & _SAMPLED))
