"""Who may have reports: keys whose tier includes them, let in by the same limits as for prices."""

from collections.abc import Sequence
from typing import Protocol

from trinity_beast.access import Approach, Callers, Passage, Scope, TierForbids
from trinity_beast.reports.model import Asker


class Families(Protocol):
    """Who knows which keys are one owner's. `access.Keys` is one."""

    async def owned_with(self, key_id: int, account_id: int | None) -> Sequence[int]:
        """Return the numbers of the keys whose use the owner of this one may see."""
        ...


class Askers:
    """Lets in whoever may have reports."""

    def __init__(self, callers: Callers, families: Families) -> None:
        self._callers, self._families = callers, families

    async def let_in(self, secret: str | None, came: Approach) -> Passage:
        """Take one token of the caller's key. The month of its prices is neither looked at nor charged."""
        return await self._callers.admit(secret, came, scope=Scope.REPORTS)

    async def asker(self, passage: Passage) -> Asker:
        """Return who it is that was let in.

        Raises:
            TierForbids: its tier includes no reports.
            DependencyAway: it cannot be told which keys are its owner's.
        """
        grant = passage.grant
        assert grant is not None, "for anything but prices nobody is let in before it is known what the key is for"
        if grant.report_quota == 0:
            raise TierForbids(tier=grant.tier, feature="reports")
        owned = await self._families.owned_with(grant.key_id, grant.account_id)
        return Asker(grant.key_id, tuple(owned), grant.report_quota)
