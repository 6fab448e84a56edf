"""How a writer fares, for health and metrics."""

from collections.abc import Iterator
from itertools import starmap

from trinity_beast.telemetry import Finding, Sample
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
        receiver, taken = self._receiver, self._receiver.taken
        yield Sample("usage_stored_per_second", receiver.stored_per_second, "Records stored a second, over the last minute.", is_gauge=True)
        counts = (
            ("usage_messages_done", taken.messages, "Messages of the queue that were dealt with."),
            ("usage_records_stored", taken.records, "Records stored by this writer."),
            ("usage_records_known", taken.known, "Records that came once more, and were stored before."),
            ("usage_set_aside", taken.set_aside, "Batches and messages set aside by this writer."),
            ("usage_receive_failures", taken.failures, "Times the queue or the database did not do what was asked."),
        )
        yield from starmap(Sample, counts)
