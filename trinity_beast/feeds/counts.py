"""What a feed counts: everything it heard, and everything it dropped, by reason."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counts:
    """One feed's counters since it was built. Whatever is dropped is counted here, under the name of the reason."""

    frames: int = 0
    trades: int = 0
    trades_history: int = 0
    trades_unasked: int = 0
    trades_late: int = 0
    trades_repeated: int = 0
    trades_future: int = 0
    rows_refused_price: int = 0
    rows_refused_time: int = 0
    rows_refused_symbol: int = 0
    frames_unknown: int = 0
    frames_unreadable: int = 0
    heartbeats: int = 0
    acks: int = 0
    refusals: int = 0
    symbols_refused: int = 0
    symbols_unanswered: int = 0
    symbols_renewed: int = 0
    requests_sent: int = 0
    requests_halved: int = 0
    pings_sent: int = 0
    replies_sent: int = 0
    sequence_gaps: int = 0
    sequence_missing: int = 0
    sequence_repeats: int = 0
    halts: int = 0
    proofs_heard: int = 0
    proofs_against: int = 0
    connections_opened: int = 0
    connections_failed: int = 0
    connections_lost: int = 0
    silences: int = 0
    reconnects_planned: int = 0

    def read(self) -> dict[str, int]:
        """Return every counter by name."""
        return asdict(self)
