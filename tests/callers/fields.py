"""The rate-limit fields of an answer, read as RFC 9651 structured fields by a library that is not ours."""

from dataclasses import dataclass
from typing import Any

import http_sf

from tests.web.caller import Heard

EXPOSED = ("ratelimit", "ratelimit-policy", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after",
           "x-should-retry", "x-request-id", "etag", "content-language")  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What an answer tells of its caller's limits: for each policy its quota and window, what is left, and when there is more."""

    quota: dict[str, int]
    window: dict[str, int]
    left: dict[str, int]
    more_in: dict[str, int]


def limits_of(heard: Heard) -> Told:
    """Read the fields; whatever breaks the draft fails here. Source: draft-ietf-httpapi-ratelimit-headers-10, read 2026-11-20."""
    policies, states = _items(heard.headers["ratelimit-policy"]), _items(heard.headers["ratelimit"])
    assert policies.keys() == states.keys(), "what is left is told of each policy, and of no other"
    for name, facts in policies.items():
        assert facts.keys() <= {"q", "w"}, facts
        assert facts["q"] >= 0
        assert facts.get("w", 1) > 0
        assert states[name].keys() <= {"r", "t"}, states[name]
        assert 0 <= states[name]["r"] <= facts["q"]
        assert states[name].get("t", 0) >= 0
    first = min(policies, key=lambda name: states[name]["r"])  # Of the limits with the least left, the one told first.
    twins = {name: int(heard.headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset")}
    assert twins == {"limit": policies[first]["q"], "remaining": states[first]["r"], "reset": states[first].get("t", 0)}
    assert heard.headers["access-control-allow-origin"] == "*"
    exposed = {name.strip().lower() for name in heard.headers["access-control-expose-headers"].split(",")}
    assert exposed >= set(EXPOSED)
    assert heard.headers["x-request-id"]
    return Told(
        {name: facts["q"] for name, facts in policies.items()},
        {name: facts["w"] for name, facts in policies.items() if "w" in facts},
        {name: facts["r"] for name, facts in states.items()},
        {name: facts["t"] for name, facts in states.items() if "t" in facts},
    )


def _items(field: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    items: Any = http_sf.parse(field.encode(), tltype="list")
    for name, parameters in items:
        assert type(name) is str, f"{name!r} is no structured string"
        assert name not in found
        assert all(type(value) is int for value in parameters.values())
        found[name] = dict(parameters)
    assert found
    return found
