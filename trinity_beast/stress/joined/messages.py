"""What a coordinator and its clients say to each other: one JSON object a line, told apart by `say`."""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from trinity_beast.stress.figures import Found
from trinity_beast.stress.model import Progress, Step

LINE_BYTES_MAX = 16 * 1_048_576
"""The longest line: what was found, each time with its count, of a step whose times are as far apart as can be."""

Text = Annotated[str, Meta(max_length=1_000)]
Count = Annotated[int, Meta(ge=0, lt=10**15)]


class Said(Struct, frozen=True, tag_field="say", forbid_unknown_fields=True):
    """One line."""


class Join(Said, frozen=True, tag="join"):
    """A client wants to join. Times of different versions may be told apart at different marks, so `program` must be the same."""

    token: Text
    program: Text
    name: Text


class Welcome(Said, frozen=True, tag="welcome"):
    """It may, and waits until all are there."""

    client: int
    clients: int


class Refused(Said, frozen=True, tag="refused"):
    """It may not."""

    reason: Text


class Prepare(Said, frozen=True, tag="prepare"):
    """These steps will be taken: the client says whether it can."""

    steps: Annotated[list[Step], Meta(max_length=1_000)]


class Done(Said, frozen=True, tag="done"):
    """What was asked for is done."""


class Take(Said, frozen=True, tag="take"):
    """Connect for this step, and say when it is done."""

    step: Step


class Begin(Said, frozen=True, tag="begin"):
    """All are connected: ask, now."""


class Stands(Said, frozen=True, tag="stands"):
    """How the client's share stands."""

    progress: Progress


class FoundOut(Said, frozen=True, tag="found"):
    """What the client found."""

    found: Found


class Stop(Said, frozen=True, tag="stop"):
    """End the step under way."""


class Broken(Said, frozen=True, tag="broken"):
    """The client cannot. `code` names the refusal, `facts` are its own, as texts."""

    code: Text
    reason: Text


class Leave(Said, frozen=True, tag="leave"):
    """All is over."""


AnySaid = Join | Welcome | Refused | Prepare | Done | Take | Begin | Stands | FoundOut | Stop | Broken | Leave
Message = TypeVar("Message", bound=Said)

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[AnySaid] = msgspec.json.Decoder(AnySaid)


class NotSaid(ValueError):
    """A line is none of ours."""


def line_of(message: Said) -> bytes:
    """Return a message as its line."""
    return _ENCODER.encode(message) + b"\n"


def read_line(line: bytes) -> AnySaid:
    """Return the message of a line.

    Raises:
        NotSaid: it is none, or its figures cannot be.
    """
    try:
        message = _DECODER.decode(line)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise NotSaid(str(error)[:200]) from error
    if isinstance(message, FoundOut) and not _can_be(message.found):
        raise NotSaid("figures that cannot be")
    return message


def _can_be(found: Found) -> bool:
    """Whether figures are such as a client finds: no count below nothing, every time in its order."""
    counts = [found.good, found.late, found.reconnected, found.answer_bytes, *found.codes.values(), *found.failures.values()]
    times = [*found.latencies, *found.lags]
    in_order = all(list(recorded) == sorted(set(recorded)) for recorded in (found.latencies, found.lags))
    lengths = (found.seconds, found.processor_seconds)
    return (
        all(0 <= count < 10**15 for count in counts)
        and all(time > 0 and 0 < count < 10**15 for time, count in times)
        and in_order
        and all(0 <= length < 1e9 for length in lengths)
        and found.good <= sum(found.codes.values())
    )
