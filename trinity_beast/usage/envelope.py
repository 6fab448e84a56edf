"""The envelope a batch of records travels in: typed, so that other messages may go the same way later.

    {"type": "usage_log", "payload": {"version": 1, "node": "BeastMain", "boot": "…", "thread": 0, "first": 1, "last": 9000,
     "records": 9000, "sha256": "…", "batch": "…"}}

`batch` is the packed batch in base64 (`engine/src/usage/packed.rs`), `sha256` the digest of its bytes in hexadecimal. It is text
of ASCII alone, which every queue takes. Whatever comes is read strictly: what is no envelope of ours is told, never guessed at.
"""

import hashlib
from typing import Annotated

import msgspec

from trinity_beast.usage.model import PackedBatch, Span

USAGE_LOG = "usage_log"
VERSION = 1
BYTES_MAX = 1_048_576
"""No queue carries a larger message."""
SEQUENCE_MAX = 2**63 - 2
RECORDS_MAX = 1 << 20

_Sequence = Annotated[int, msgspec.Meta(ge=1, le=SEQUENCE_MAX)]


class EnvelopeUnreadable(ValueError):
    """A message that is no envelope of ours, or one whose parts contradict each other. Its text says why."""


class EnvelopeUnknown(EnvelopeUnreadable):
    """An envelope of a type, or of a version, that this program does not know: a newer one may."""

    def __init__(self, reason: str, message_type: str) -> None:
        super().__init__(reason)
        self.message_type = message_type


class _Outer(msgspec.Struct, forbid_unknown_fields=True):
    type: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    payload: msgspec.Raw


class _Versioned(msgspec.Struct):
    version: int


class _Payload(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    node: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    boot: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    thread: Annotated[int, msgspec.Meta(ge=0, le=32_767)]
    first: _Sequence
    last: _Sequence
    records: Annotated[int, msgspec.Meta(ge=1, le=RECORDS_MAX)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    batch: bytes


def sealed(batch: PackedBatch) -> str:
    """Return the message that carries a batch."""
    payload = _Payload(
        version=VERSION,
        node=batch.node,
        boot=batch.boot,
        thread=batch.thread,
        first=batch.span.first,
        last=batch.span.last,
        records=batch.records,
        sha256=hashlib.sha256(batch.packed).hexdigest(),
        batch=batch.packed,
    )
    return msgspec.json.encode({"type": USAGE_LOG, "payload": payload}).decode("ascii")


def opened(message: str) -> PackedBatch:
    """Return the batch a message carries.

    Raises:
        EnvelopeUnknown: it is of a type or version that a newer program may know.
        EnvelopeUnreadable: it is no envelope, damaged, or says of its batch what cannot be.
    """
    if len(message) > BYTES_MAX:
        raise EnvelopeUnreadable(f"it has {len(message)} characters, more than a queue carries")
    payload = _payload(message)
    packed = bytes(payload.batch)
    if hashlib.sha256(packed).hexdigest() != payload.sha256:
        raise EnvelopeUnreadable("its batch does not match its digest")
    if not payload.last - payload.first + 1 >= payload.records:
        raise EnvelopeUnreadable("it says to have more records than sequences")
    return PackedBatch(payload.node, payload.boot, payload.thread, Span(payload.first, payload.last), payload.records, packed)


def _payload(message: str) -> _Payload:
    try:
        outer = msgspec.json.decode(message, type=_Outer)
        if outer.type != USAGE_LOG:
            raise EnvelopeUnknown(f"nobody here reads messages of type {outer.type!r}", outer.type)
        version = msgspec.json.decode(outer.payload, type=_Versioned).version
        if version != VERSION:
            raise EnvelopeUnknown(f"it is of version {version}, and {VERSION} is what we read", outer.type)
        return msgspec.json.decode(outer.payload, type=_Payload)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise EnvelopeUnreadable(f"it is no envelope: {error}"[:200]) from error
