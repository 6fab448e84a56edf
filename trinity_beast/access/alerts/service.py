"""The use case of quota alerts: list what was noted. Noting happens where use is counted."""

from collections.abc import Sequence
from dataclasses import replace

from trinity_beast.access.alerts import store
from trinity_beast.access.alerts.model import AlertFilter, ListedAlert
from trinity_beast.storage import Database


class QuotaAlerts:
    """What keys have reached of their months."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listing(self, wanted: AlertFilter) -> tuple[Sequence[ListedAlert], int | None]:
        """Return a page of alerts, the newest first, and the number before which the next page begins (None: this is the last)."""
        async with self._database.transaction() as tx:
            found = list(await store.alerts(tx, replace(wanted, limit=wanted.limit + 1)))
        page = found[: wanted.limit]
        return page, page[-1].alert.alert_id if len(found) > wanted.limit else None
