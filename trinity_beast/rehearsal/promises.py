"""What a node promises about its prices, in the values it was given for the rehearsal. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from trinity_beast.rehearsal.model import MS_NS, SECOND_NS

SHORTENED: Mapping[str, float] = {
    "liveness_seconds_min": 1.5,
    "liveness_seconds_max": 5.0,
    "proof_wait_seconds": 3.0,
    "proof_seconds": 6.0,
    "proof_retry_seconds": 1.0,
    "renew_after_seconds": 1.0,
    "renew_seconds": 2.0,
    "settle_back_seconds": 2.0,
    "stale_after_seconds": 15,
    "quiet_seconds_max": 120,
    "halted_seconds_max": 120,
    "feed_connect_seconds": 4.0,
    "feed_ack_seconds": 3.0,
    "feed_refused_retry_seconds": 10.0,
    "feed_backoff_seconds_max": 4.0,
    "feed_attempts_per_10_minutes": 300,
    "feed_future_seconds_max": 2.0,
    "rest_look_seconds": 3.0,
    "rest_pause_seconds": 2.0,
    "rest_pause_seconds_max": 6.0,
    "rest_list_seconds": 12.0,
    "rest_details_seconds": 12.0,
    "warm_seconds": 5.0,
}
"""The parameters a rehearsed node begins with: the same rules in a tenth of the time. Every other one has its default."""

CLOCK_NS = 50 * MS_NS
"""How far the node's guarded clock and the lab's may stand apart, the rounding to a millisecond included."""
TRANSIT_NS = 1_500 * MS_NS
"""How long a trade may be under way from the market to an answer: a venue gathers up to 250 ms, a busy machine takes the rest."""


@dataclass(frozen=True, slots=True)
class Promises:
    """The bounds every usable answer is held to, in nanoseconds."""

    live_ns: int
    """How long a price is called live after a newer trade was printed: the widest window, and the time to seek a proof."""
    quiet_ns: int
    """How long a proof that nothing newer was traded may be used."""
    stale_after_ns: int
    quiet_max_ns: int
    halted_max_ns: int
    gone_ns: int
    """How long after a market has died or changed its name it may still be priced: all that was believed of it has run out."""
    future_ns: int
    """How far ahead of ours a venue's clock may be and still be believed."""
    clock_ns: int = CLOCK_NS
    transit_ns: int = TRANSIT_NS

    @classmethod
    def of(cls, values: Mapping[str, float]) -> "Promises":
        """Return what a node with these values of its parameters promises."""
        live = values["liveness_seconds_max"] + values["proof_wait_seconds"]
        proof = values["proof_seconds"] + values["rest_look_seconds"]
        return cls(
            live_ns=round(live * SECOND_NS),
            quiet_ns=round(values["proof_seconds"] * SECOND_NS),
            stale_after_ns=round(values["stale_after_seconds"] * SECOND_NS),
            quiet_max_ns=round(values["quiet_seconds_max"] * SECOND_NS),
            halted_max_ns=round(values["halted_seconds_max"] * SECOND_NS),
            gone_ns=round((live + values["rest_list_seconds"] + proof) * SECOND_NS),
            future_ns=round(values["feed_future_seconds_max"] * SECOND_NS),
        )
