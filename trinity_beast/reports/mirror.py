"""What was asked of reports, in the shared cache."""

from datetime import timedelta
from typing import cast

from trinity_beast.clock import Clock
from trinity_beast.parameters import Readings
from trinity_beast.reports import parameters, store
from trinity_beast.storage import Command, Database, Valkey

INDEX, SYNCED = "report_usage:index", "report_usage:synced"
BATCH_ROWS = 1_000
SETTLED_AFTER = timedelta(days=1)
"""A report's note changes until its telling has ended; so what is younger is put there again each time."""


class ReportMirror:
    """The notes of reports in Valkey: a hash `report_usage:<id>` for each, and all of them by their time."""

    def __init__(self, database: Database, valkey: Valkey, clock: Clock, readings: Readings) -> None:
        self._database, self._valkey, self._clock = database, valkey, clock
        self._kept_days = readings.of(parameters.KEPT_DAYS)

    async def sync(self, *, is_full: bool = False) -> int:
        """Put there what is new or may have changed, all anew where `is_full`; return how many notes.

        Raises:
            DependencyAway: the database or the cache is away. The next call begins where this one did.
        """
        settled = after = 0 if is_full else int(await self._valkey.get(SYNCED) or 0)
        settled_before = self._clock.now() - SETTLED_AFTER
        kept = timedelta(days=self._kept_days.value)
        done = 0
        while True:
            async with self._database.transaction() as tx:
                notes = await store.noted_after(tx, after, limit=BATCH_ROWS)
            if not notes:
                break
            commands: list[Command] = []
            for note in notes:
                key, time = f"report_usage:{note['report_log_id']}", note["time"]
                told = [word for name, value in note.items() for word in (name, _told(value))]
                commands += [("HSET", key, *told), ("PEXPIREAT", key, round((time + kept).timestamp() * 1_000))]
                commands.append(("ZADD", INDEX, round(time.timestamp() * 1_000_000), note["report_log_id"]))
            await self._valkey.pipeline(commands)
            after = int(notes[-1]["report_log_id"])
            settled = max([settled, *[int(note["report_log_id"]) for note in notes if note["time"] < settled_before]])
            done += len(notes)
        oldest_us = round((self._clock.now() - kept).timestamp() * 1_000_000)
        kept_ms = round(kept.total_seconds() * 1_000)
        last: list[Command] = [("ZREMRANGEBYSCORE", INDEX, "-inf", f"({oldest_us}"), ("PEXPIRE", INDEX, kept_ms)]
        await self._valkey.pipeline([*last, ("SET", SYNCED, settled, "PX", kept_ms)])
        return done


def _told(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return str(cast("object", value.isoformat() if hasattr(value, "isoformat") else value))
