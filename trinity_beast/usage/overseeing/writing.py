"""How a writer fares, for health and metrics."""

from collections.abc import Iterator

from trinity_beast.telemetry import Finding, Sample
from trinity_beast.usage import metrics
from trinity_beast.usage.receiver import Receiver


class WriterOversight:
    """Looks over the shoulder of a writer's receiver."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def finding(self) -> Finding:
        """Find fault while the queue or the database is away. A `Probe`."""
        taken, away = self._receiver.taken, self._receiver.away
        facts = {"messages": taken.messages, "records": taken.records, "stored_per_second": round(self._receiver.stored_per_second, 1)}
        return Finding(is_ok=not away, reason=f"nothing can be received or stored: {away}" if away else "", facts=facts)

    def samples(self) -> Iterator[Sample]:
        """Give all of it as metrics."""
        taken = self._receiver.taken
        yield metrics.STORED_PER_SECOND.at(self._receiver.stored_per_second)
        yield metrics.MESSAGES_DONE.at(taken.messages)
        yield metrics.RECORDS_STORED.at(taken.records)
        yield metrics.RECORDS_KNOWN.at(taken.known)
        yield metrics.SET_ASIDE.at(taken.set_aside)
        yield metrics.RECEIVE_FAILURES.at(taken.failures)
