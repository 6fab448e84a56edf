"""What is known of the request being answered."""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from trinity_beast.clock import Clock
from trinity_beast.errors import Mistake, TrinityError
from trinity_beast.web.envelope import Detail, Envelope, Identity, Problem, packed, problem_page, timestamp_of
from trinity_beast.web.metering import Usage
from trinity_beast.web.words import Words

MISTAKES_MAX = 100
"""How many of a refusal's mistakes are told at once."""

_ANYWHERE = "request"
_LOCATIONS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "KEY_MISSING",
            "KEY_INVALID",
            "KEY_REVOKED",
            "KEY_EXPIRED",
            "TIER_FORBIDS",
            "KEY_TRIES_SPENT",
            "ADMIN_KEY_MISSING",
            "ADMIN_KEY_WRONG",
        ),
        "header.authorization",
    ),
    **dict.fromkeys(("RATE_LIMITED", "QUOTA_SPENT", "KEY_FORBIDS"), "key"),
    **dict.fromkeys(("ASSET_UNKNOWN", "PRICE_STALE", "PRICE_UNAVAILABLE"), "query.asset"),
    "REQUEST_TOO_LARGE": "body",
    "METHOD_NOT_ALLOWED": "method",
    "NOT_FOUND": "path",
}
"""Which part of a request a refusal is about, where the route does not say; the engine says the same."""


def location_of(code: str) -> str:
    """Return which part of a request a refusal is about, where the route does not say."""
    return _LOCATIONS.get(code, _ANYWHERE)


def _none_known() -> None:
    """Know nothing of the caller."""


@dataclass(slots=True)
class Asked:
    """One request: its name, when it came, how its answer is worded, and what the route adds to the answer."""

    own_id: str
    """What we call it; its usage record bears this."""
    request_id: str
    """What the answer calls it: the caller's own name for it where there is one."""
    started_ns: int
    identity: Identity
    clock: Clock
    words: Words
    method: str = "GET"
    accept_language: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    """Headers a route wants on the answer whatever becomes of it, such as rate limits."""
    known_limits: Callable[[], Sequence[tuple[str, str]] | None] = _none_known
    """The rate-limit fields of the caller's key, where it is let in here; told where the route told none."""
    usage: Usage | None = None
    """What is recorded when the answer is sent. A route sets it once the caller's key is known."""
    code: str = "OK"
    changes: bool = False
    """Whether its route declares that this may change something though it is a GET."""
    on_answered: Callable[[int], None] | None = None
    """Hears the status when the answer has been given, whatever it was. A route sets it where somebody keeps account of who asks."""

    @property
    def latency_ns(self) -> int:
        """Return how long we have had the request."""
        return max(0, self.clock.monotonic_ns() - self.started_ns)

    def granted(self, data: Any) -> bytes:
        """Return the body of an answer."""
        return packed(Envelope(success=True, code="OK", message="", data=data, errors=(), **self._frame()))

    def granted_around(self, data: Mapping[str, Any], name: str) -> tuple[bytes, bytes]:
        """Return what stands before and after the members of a list, which is the last of `data` and called `name`, in an answer."""
        body = self.granted({**data, name: []})
        # What comes after data has its quotes escaped, so the last place that looks like this list is the list.
        before, opening, after = body.rpartition(f'"{name}":['.encode())
        return before + opening, after

    def refused(self, error: TrinityError, status: int) -> bytes:
        """Return the body of a refusal: the envelope and the problem in one."""
        self.code = error.code
        spoken = self.words.told(error.code, error.facts, accept_language=self.accept_language)
        given = error.facts.get("details")
        details = [each for each in given if isinstance(each, Detail)] if isinstance(given, list | tuple) else []
        details = details or [_detail(error.code, mistake) for mistake in error.mistakes[:MISTAKES_MAX]]
        location = str(error.facts.get("location", location_of(error.code)))
        return packed(
            Problem(
                success=False,
                code=error.code,
                message=spoken.message,
                data=None,
                errors=details or [Detail(location, error.code, spoken.message, spoken.fix)],
                type=problem_page(error.code),
                title=spoken.title,
                status=status,
                detail=spoken.message,
                **self._frame(),
            )
        )

    def _frame(self) -> dict[str, Any]:
        return {
            "service": self.identity.service,
            "request_id": self.request_id,
            "timestamp": timestamp_of(self.clock.now()),
            "latency_us": self.latency_ns // 1_000,
            "node": self.identity.node,
            "region": self.identity.region,
            "version": self.identity.version,
        }


def _detail(code: str, mistake: Mistake) -> Detail:
    return Detail(mistake.location, code, mistake.message, mistake.fix, mistake.facts or UNSET)


_CURRENT: ContextVar[Asked] = ContextVar("asked")


def current() -> Asked:
    """Return the request this task is answering.

    Raises:
        LookupError: none is being answered here.
    """
    return _CURRENT.get()


def answering(asked: Asked) -> None:
    """Let this task, and what it starts, know which request it answers."""
    _CURRENT.set(asked)
