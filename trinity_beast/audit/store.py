"""Every SQL statement of the trail."""

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.audit.model import Entry, Signature, Sought
from trinity_beast.audit.tables import audit_log

SIGNATURE = "beast.signature"


def signed_as(signature: Signature) -> tuple[str, str]:
    """Return the setting, and what to set it to, by which the triggers know who makes a transaction's changes."""
    return SIGNATURE, json.dumps({"by": signature.by, "reason": signature.reason, "action": signature.action})


async def sign(tx: AsyncConnection, signature: Signature) -> None:
    """Say who makes the changes of this transaction from here on. The triggers of the tables that are kept write it down."""
    await tx.execute(sa.select(sa.func.set_config(*signed_as(signature), True)))


async def note(tx: AsyncConnection, signature: Signature, kind: str, subject: str, facts: Mapping[str, object]) -> None:
    """Write down what was done that changes no row of a kept table."""
    row = {"by": signature.by, "reason": signature.reason, "action": signature.action, "kind": kind, "subject": subject}
    await tx.execute(sa.insert(audit_log).values(**row, after=dict(facts)))


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
