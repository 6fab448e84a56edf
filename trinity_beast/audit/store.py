"""Every SQL statement of the trail."""

import json
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.audit.model import Entry, Note, Signature, Sought
from trinity_beast.audit.tables import audit_log
from trinity_beast.errors import ChangedMeanwhile

SIGNATURE = "beast.signature"


def signed_as(signature: Signature) -> tuple[str, str]:
    """Return the setting, and what to set it to, by which the triggers know who makes a transaction's changes."""
    return SIGNATURE, json.dumps({"by": signature.by, "reason": signature.reason, "action": signature.action})


async def sign(tx: AsyncConnection, signature: Signature) -> None:
    """Say who makes the changes of this transaction from here on. The triggers of the tables that are kept write it down."""
    await tx.execute(sa.select(sa.func.set_config(*signed_as(signature), True)))


async def note(tx: AsyncConnection, signature: Signature, kind: str, subject: str, facts: Mapping[str, object]) -> None:
    """Write down what was done that changes no row of a kept table."""
    await note_all(tx, [Note(signature, kind, subject, facts)])


async def note_all(tx: AsyncConnection, notes: Sequence[Note]) -> None:
    """Write down several things that were done and change no row of a kept table, in their order."""
    now = sa.func.clock_timestamp()
    rows = [
        {
            "at": now if each.at is None else each.at,
            "by": each.signature.by,
            "reason": each.signature.reason,
            "action": each.signature.action,
            "kind": each.kind,
            "subject": each.subject,
            "after": dict(each.facts),
        }
        for each in notes
    ]
    await tx.execute(sa.insert(audit_log).values(rows))


async def versions(tx: AsyncConnection, kind: str, subjects: Collection[str]) -> Mapping[str, int]:
    """Return the version of each of these rows: the number of its newest entry, 0 where it has none."""
    newest = sa.select(audit_log.c.subject, sa.func.max(audit_log.c.entry_id)).where(
        audit_log.c.kind == kind, audit_log.c.subject.in_(subjects)
    )
    found = {row[0]: int(row[1]) for row in await tx.execute(newest.group_by(audit_log.c.subject))}
    return {subject: found.get(subject, 0) for subject in subjects}


async def expect_version(tx: AsyncConnection, kind: str, subject: str, expected: int | None) -> None:
    """Make sure that a row is changed by one who has seen its newest version; without an expectation anybody may.

    From here on nobody else changes that row so before this transaction ends: of two who saw the same, one is refused.

    Raises:
        ChangedMeanwhile: it has another version.
    """
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"{kind} {subject}", 0))))
    if expected is None:
        return
    version = (await versions(tx, kind, [subject]))[subject]
    if version != expected:
        raise ChangedMeanwhile(row=f"{kind} {subject}", expected_version=expected, version=version)


async def entries(tx: AsyncConnection, sought: Sought) -> Sequence[Entry]:
    """Return entries, the newest first."""
    statement = sa.select(audit_log).order_by(audit_log.c.entry_id.desc()).limit(sought.limit)
    if sought.kind:
        statement = statement.where(audit_log.c.kind == sought.kind)
    if sought.subject:
        statement = statement.where(audit_log.c.subject == sought.subject)
    if sought.before is not None:
        statement = statement.where(audit_log.c.entry_id < sought.before)
    return [Entry(**row._mapping) for row in await tx.execute(statement)]
