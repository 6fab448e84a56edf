"""The knobs of pricing."""

from typing import NamedTuple

from trinity_beast.parameters import Parameter, Readings, not_above

GROUP = "pricing"
SECOND_NS = 1_000_000_000

STALE_AFTER_SECONDS = Parameter(
    "stale_after_seconds", group=GROUP, unit="s", default=90, least=5, most=3_600,
    help="A price older than this, by the venue's clock, is refused rather than served, unless it is proven quiet.",
)  # fmt: skip
LIVENESS_GAPS = Parameter(
    "liveness_gaps", group=GROUP, unit="gaps", default=4.0, least=1.0, most=100.0,
    help="A symbol silent for so many of its own long gaps (of twenty, the longest) is suspect: the venue's REST is asked.",
)  # fmt: skip
LIVENESS_SECONDS_MIN = Parameter(
    "liveness_seconds_min", group=GROUP, unit="s", default=5.0, least=0.1, most=600.0,
    help="No symbol is suspect before so much silence, however busy it is.",
)  # fmt: skip
LIVENESS_SECONDS_MAX = Parameter(
    "liveness_seconds_max", group=GROUP, unit="s", default=45.0, least=0.1, most=3_600.0,
    help="Every symbol is suspect after so much silence, however rarely it trades; also where its rhythm is not known yet.",
)  # fmt: skip
WINDOW_MIN_WITHIN_MAX = not_above(LIVENESS_SECONDS_MIN, LIVENESS_SECONDS_MAX)
PROOF_WAIT_SECONDS = Parameter(
    "proof_wait_seconds", group=GROUP, unit="s", default=10.0, least=0.1, most=600.0,
    help="How long a suspect price still serves while proof is sought; then it is stale.",
)  # fmt: skip
PROOF_SECONDS = Parameter(
    "proof_seconds", group=GROUP, unit="s", default=30.0, least=0.5, most=600.0,
    help="How long the proof that a symbol is quiet holds; it is sought again at half of it.",
)  # fmt: skip
PROOF_RETRY_SECONDS = Parameter(
    "proof_retry_seconds", group=GROUP, unit="s", default=2.0, least=0.1, most=600.0,
    help="The pause between two looks at a symbol that is served by REST, or of which nothing could be proven.",
)  # fmt: skip
QUIET_GAPS_MAX = Parameter(
    "quiet_gaps_max", group=GROUP, unit="gaps", default=30.0, least=1.0, most=10_000.0,
    help="A silence of more than so many of a symbol's own long gaps is not believed to be quiet, whatever REST says.",
)  # fmt: skip
QUIET_SECONDS_MAX = Parameter(
    "quiet_seconds_max", group=GROUP, unit="s", default=3_600, least=5, most=86_400,
    help="A price older than this is refused even where it is proven that nothing was traded since.",
)  # fmt: skip
HALTED_SECONDS_MAX = Parameter(
    "halted_seconds_max", group=GROUP, unit="s", default=3_600, least=5, most=86_400,
    help="A price older than this is refused even where the venue says that it has halted the symbol.",
)  # fmt: skip
RENEW_AFTER_SECONDS = Parameter(
    "renew_after_seconds", group=GROUP, unit="s", default=2.0, least=0.1, most=60.0,
    help="How long the socket may lag behind a trade that REST has told before the symbol is subscribed anew.",
)  # fmt: skip
RENEW_SECONDS = Parameter(
    "renew_seconds", group=GROUP, unit="s", default=10.0, least=0.5, most=600.0,
    help="The least time between two new subscriptions of one symbol; twice as long each further time, up to 32 times.",
)  # fmt: skip
SETTLE_BACK_SECONDS = Parameter(
    "settle_back_seconds", group=GROUP, unit="s", default=10.0, least=0.0, most=600.0,
    help="How long a venue that was lost must be usable without a break before it answers again in the place of the next one.",
)  # fmt: skip
JUMP_PERCENT = Parameter(
    "jump_percent", group=GROUP, unit="%", default=10.0, least=0.1, most=1_000.0,
    help="A price this far from its venue's last and from every other venue's is held back; off for assets of a single venue.",
)  # fmt: skip
JUMP_REFERENCE_SECONDS = Parameter(
    "jump_reference_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=3_600.0,
    help="How recently another venue must have printed an asset for its price to be compared with.",
)  # fmt: skip
WARM_SECONDS = Parameter(
    "warm_seconds", group=GROUP, unit="s", default=300.0, least=5.0, most=86_400.0,
    help="How long an asset that no feed holds is kept warm by REST after it was last seen asked for.",
)  # fmt: skip
WARM_POLL_SECONDS = Parameter(
    "warm_poll_seconds", group=GROUP, unit="s", default=5.0, least=0.5, most=300.0,
    help="The pause between two looks at each asset that is kept warm.",
)  # fmt: skip
WARM_SYMBOLS_MAX = Parameter(
    "warm_symbols_max", group=GROUP, unit="symbols", default=200, least=1, most=10_000,
    help="How many symbols are kept warm at most; past it the one not asked for the longest is forgotten.",
)  # fmt: skip
REST_VENUES_ASKED_MAX = Parameter(
    "rest_venues_asked_max", group=GROUP, unit="exchanges", default=3, least=1, most=50,
    help="How many exchanges are asked by REST, one after the other, for an asset that memory cannot answer.",
)  # fmt: skip
PROOFS_MAX = Parameter(
    "proofs_max", group=GROUP, unit="looks", default=256, least=1, most=10_000,
    help="How many looks for proof may be under way at once, over all venues.",
)  # fmt: skip


class Bounds(NamedTuple):
    """What the rules of liveness go by, in nanoseconds and gaps, as of one moment."""

    stale_after_ns: int
    gaps: float
    window_min_ns: int
    window_max_ns: int
    proof_wait_ns: int
    proof_ns: int
    retry_ns: int
    quiet_gaps_max: float
    quiet_max_ns: int
    halted_max_ns: int
    renew_after_ns: int
    renew_ns: int
    settle_back_ns: int
    jump_percent: float
    jump_reference_ns: int


class LivenessKnobs:
    """The live readings of all of them, taken at each use."""

    def __init__(self, readings: Readings) -> None:
        self._seconds = [
            readings.of(one) for one in (LIVENESS_SECONDS_MIN, LIVENESS_SECONDS_MAX, PROOF_WAIT_SECONDS, PROOF_SECONDS, PROOF_RETRY_SECONDS)
        ]
        self._stale_after, self._gaps = readings.of(STALE_AFTER_SECONDS), readings.of(LIVENESS_GAPS)
        self._quiet_gaps_max, self._quiet_seconds_max = readings.of(QUIET_GAPS_MAX), readings.of(QUIET_SECONDS_MAX)
        self._renew_after, self._renew = readings.of(RENEW_AFTER_SECONDS), readings.of(RENEW_SECONDS)
        self._halted_seconds_max = readings.of(HALTED_SECONDS_MAX)
        self._settle_back = readings.of(SETTLE_BACK_SECONDS)
        self._jump_percent, self._jump_reference = readings.of(JUMP_PERCENT), readings.of(JUMP_REFERENCE_SECONDS)
        self.proofs_max = readings.of(PROOFS_MAX)

    def bounds(self) -> Bounds:
        """Return the values in force now."""
        window_min, window_max, wait, proof, retry = (round(reading.value * SECOND_NS) for reading in self._seconds)
        return Bounds(
            stale_after_ns=self._stale_after.value * SECOND_NS,
            gaps=self._gaps.value,
            window_min_ns=window_min,
            window_max_ns=max(window_min, window_max),
            proof_wait_ns=wait,
            proof_ns=proof,
            retry_ns=retry,
            quiet_gaps_max=self._quiet_gaps_max.value,
            quiet_max_ns=self._quiet_seconds_max.value * SECOND_NS,
            halted_max_ns=self._halted_seconds_max.value * SECOND_NS,
            renew_after_ns=round(self._renew_after.value * SECOND_NS),
            renew_ns=round(self._renew.value * SECOND_NS),
            settle_back_ns=round(self._settle_back.value * SECOND_NS),
            jump_percent=self._jump_percent.value,
            jump_reference_ns=round(self._jump_reference.value * SECOND_NS),
        )
