"""Every use case about what was set aside: keep, list, try again, give up."""

import asyncio
from collections.abc import Sequence

from trinity_beast.audit import Signature, sign
from trinity_beast.engine import UsageBatch
from trinity_beast.log import get_log
from trinity_beast.storage import Database, RowsRefused
from trinity_beast.usage.aside import store
from trinity_beast.usage.aside.errors import SetAsideUnknown
from trinity_beast.usage.aside.model import Kind, Outcome, Page, Redriven, Standing
from trinity_beast.usage.envelope import EnvelopeUnknown, EnvelopeUnreadable, opened
from trinity_beast.usage.writer import Writer, batch_of

REDRIVEN_MAX = 1_000
"""How many one call tries again."""
_log = get_log("usage")


class Aside:
    """Batches the database refuses and messages nobody can read: kept whole, listed, tried again or given up."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database, self._writer = database, writer

    async def keep_message(self, message_id: str, body: str, error: EnvelopeUnreadable, *, tries: int) -> None:
        """Keep a message of the queue that cannot be read, with the reason.

        Raises:
            DependencyAway: it is not kept; the queue still has it.
        """
        message_type = error.message_type if isinstance(error, EnvelopeUnknown) else ""
        told = body.encode("utf-8", "surrogatepass")
        async with self._database.transaction() as tx:
            await store.keep_message(tx, message_id=message_id, message_type=message_type, body=told, reason=str(error), tries=tries)
        _log.error("queue message set aside", message_id=message_id, message_type=message_type, reason=str(error))

    async def last_try(self, batch: UsageBatch, *, receipts: int) -> int | None:
        """Keep a batch that has been given out `receipts` times and never stored, and only then try to store it once more.

        Returns how many of its records were new, or None where it goes on waiting for a person. Whoever dies of it leaves it kept.

        Raises:
            DependencyAway: whether it is kept is not known.
        """
        reason = f"it was given out {receipts} times and never stored"
        packed = batch_of(batch, await asyncio.to_thread(batch.packed))
        async with self._database.transaction() as tx:
            set_aside_id = await store.insert_batch(tx, packed, reason=reason, tries=receipts)
        if set_aside_id is None:
            return None  # Somebody has tried it already, and died of it or was refused.
        told = await self._redrive(set_aside_id, Signature("usage writer", reason, "redriven"))
        return told.records if told.is_stored else None

    async def listing(self, *, settled: bool = False, before: int | None = None, limit: int = 100) -> Page:
        """Return a page, the newest first; settled ones too where that says so."""
        async with self._database.transaction() as tx:
            found = await store.page(tx, settled=settled, before=before, limit=limit + 1)
        page = found[:limit]
        return Page(page, page[-1].set_aside_id if len(found) > limit else None)

    async def standing(self) -> Standing:
        """Return how much waits for a person."""
        async with self._database.transaction() as tx:
            return await store.standing(tx)

    async def redrive(self, set_aside_ids: Sequence[int] | None, *, by: str, reason: str = "") -> Sequence[Redriven]:
        """Try some once more, or all that wait where none are named, up to a thousand; what is refused again goes on waiting.

        Killed in between, it is done again without harm: what is stored is known by its sequences.

        Raises:
            SetAsideUnknown: one of them does not wait; those before it have been tried.
        """
        if set_aside_ids is None:
            async with self._database.transaction() as tx:
                set_aside_ids = await store.waiting_after(tx, 0, REDRIVEN_MAX)
        signature = Signature(by, reason, "redriven")
        return [await self._redrive(set_aside_id, signature) for set_aside_id in set_aside_ids]

    async def discard(self, set_aside_ids: Sequence[int], *, by: str, reason: str) -> None:
        """Give some up for good: all of them, or none.

        Raises:
            SetAsideUnknown: one of them does not wait.
        """
        async with self._database.transaction() as tx:
            await sign(tx, Signature(by, reason, "discarded"))
            for set_aside_id in set_aside_ids:
                if not await store.settle(tx, set_aside_id, by=by, outcome=Outcome.DISCARDED):
                    raise SetAsideUnknown(set_aside_id=set_aside_id)

    async def _redrive(self, set_aside_id: int, signature: Signature) -> Redriven:
        async with self._database.transaction() as tx:
            found = await store.evidence(tx, set_aside_id)
        if found is None:
            raise SetAsideUnknown(set_aside_id=set_aside_id)
        try:
            stored = await self._writer.store(_batch_in(*found))
        except (RowsRefused, ValueError) as error:
            async with self._database.transaction() as tx:
                await store.refused_again(tx, set_aside_id, str(error))
            return Redriven(set_aside_id, is_stored=False, reason=str(error))
        async with self._database.transaction() as tx:
            await sign(tx, signature)
            await store.settle(tx, set_aside_id, by=signature.by, outcome=Outcome.STORED)
        return Redriven(set_aside_id, is_stored=True, records=stored.records)


def _batch_in(kind: Kind, evidence: bytes) -> UsageBatch:
    """Return the batch that lies in the evidence.

    Raises:
        ValueError: there is none that this program can read.
    """
    if kind is Kind.BATCH:
        return UsageBatch.unpacked(evidence)
    return UsageBatch.unpacked(opened(evidence.decode("utf-8", "surrogatepass")).packed)
