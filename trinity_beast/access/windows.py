"""A key's limits one by one, out of the rate-limit fields the engine renders: `GET /key` then cannot tell another story than they."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_POLICY = re.compile(r'"(?P<name>[a-z_]+)";q=(?P<limit>\d+);w=(?P<window>\d+)', re.ASCII)
_STATE = re.compile(r'"(?P<name>[a-z_]+)";r=(?P<left>\d+);t=(?P<more_in>\d+)', re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """One limit: so many within so many seconds, what is left of them, and in how many seconds there is more."""

    name: str
    limit: int
    left: int
    window_seconds: int
    more_in_seconds: int

    @property
    def used(self) -> int:
        """Return how many are used."""
        return self.limit - self.left


def windows(headers: Iterable[tuple[str, str]]) -> Sequence[Window]:
    """Return the limits that `headers` tell of, in their order."""
    fields = {name.lower(): value for name, value in headers}
    states = {state["name"]: state for state in _STATE.finditer(fields.get("ratelimit", ""))}
    return [
        Window(policy["name"], int(policy["limit"]), int(state["left"]), int(policy["window"]), int(state["more_in"]))
        for policy in _POLICY.finditer(fields.get("ratelimit-policy", ""))
        if (state := states.get(policy["name"]))
    ]
