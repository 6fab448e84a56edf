"""Where a report is to be gone on with: said by us, kept by the caller, and believed only as we said it."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from trinity_beast.reports.errors import CursorExpired, CursorInvalid

SEAL_BYTES = 16
CURSOR_CHARACTERS_MAX = 12_000
KEPT_FOR = timedelta(hours=24)
FORMAT = b"trinity-beast report cursor 1\x00"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a report that began at `begun_at`: the span its first page was of, what it told, and after which place it goes on.

    `seen` is what was stored when it began, in the words of whoever reads it.
    """

    begun_at: datetime
    since: datetime
    until: datetime
    after: tuple[int, ...]
    seen: tuple[int, tuple[tuple[int, tuple[tuple[int, int], ...]], ...], int]


def said(cursor: Cursor, question: bytes, secret: bytes) -> str:
    """Return a cursor as the caller keeps it. `question` is what it goes on with: another one will not be answered by it."""
    told = msgspec.msgpack.encode(cursor)
    return base64.urlsafe_b64encode(_seal(told, question, secret) + told).rstrip(b"=").decode()


def heard(text: str, question: bytes, secret: bytes, now: datetime) -> Cursor:
    """Return the cursor a caller sends.

    Raises:
        CursorInvalid: it is none of ours, or goes on with another question.
        CursorExpired: its report began too long ago.
    """
    if len(text) > CURSOR_CHARACTERS_MAX:
        raise CursorInvalid
    try:
        whole = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorInvalid from None
    seal, told = whole[:SEAL_BYTES], whole[SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(told, question, secret)):
        raise CursorInvalid
    try:
        cursor = msgspec.msgpack.decode(told, type=Cursor)
    except msgspec.MsgspecError:
        raise CursorInvalid from None  # Ours, by a program that says cursors another way.
    if now - cursor.begun_at > KEPT_FOR:
        raise CursorExpired(hours=KEPT_FOR // timedelta(hours=1))
    return cursor


def question_of(kind: str, scope: str, filters: Mapping[str, str]) -> bytes:
    """Return a mark of what is asked, by whom and with which filters."""
    return hashlib.sha256(msgspec.msgpack.encode([kind, scope, sorted(filters.items())])).digest()


def _seal(told: bytes, question: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, FORMAT + question + told, "sha256")[:SEAL_BYTES]
