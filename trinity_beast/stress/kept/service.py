"""Every use case of kept reports."""

from dataclasses import dataclass

from trinity_beast.audit import Signature, sign
from trinity_beast.clock import Clock
from trinity_beast.storage import Database
from trinity_beast.stress.errors import StressReportUnknown
from trinity_beast.stress.kept import store
from trinity_beast.stress.kept.model import KeptReport, Page
from trinity_beast.stress.report import Report

REPORTS_MAX = 1_000
"""So many are kept unless said otherwise; each further one pushes the oldest out."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """A kept report, and whether it was not kept before."""

    kept: KeptReport
    is_new: bool


class StressReports:
    """The reports of stress tests, kept with who brought them."""

    def __init__(self, database: Database, clock: Clock, *, reports_max: int = REPORTS_MAX) -> None:
        self._database, self._clock, self._reports_max = database, clock, reports_max

    async def keep(self, report: Report, by: Signature) -> Seeded:
        """Keep a report. One of the same name and beginning is the same, and is kept as it was."""
        async with self._database.transaction() as tx:
            await sign(tx, by)
            kept = await store.insert_report(tx, report, by=by.by, at=self._clock.now())
            if kept is not None:
                await store.drop_all_but(tx, self._reports_max)
                return Seeded(kept, is_new=True)
            known = await store.report_of(tx, report.name, report.began_at)
        if known is None:
            raise StressReportUnknown(report=report.name)  # Pushed out or removed between the two statements.
        return Seeded(known, is_new=False)

    async def listing(self, *, before: int | None = None, limit: int = 50) -> Page:
        """Return a page of reports, the newest first."""
        async with self._database.transaction() as tx:
            found = list(await store.reports(tx, before=before, limit=limit + 1))
        page = found[:limit]
        return Page(page, page[-1].report_id if len(found) > limit else None)

    async def report(self, report_id: int) -> Report:
        """Return a report, whole.

        Raises:
            StressReportUnknown: there is none of that number.
        """
        async with self._database.transaction() as tx:
            found = await store.whole_report(tx, report_id)
        if found is None:
            raise StressReportUnknown(report=report_id)
        return Report.model_validate(found)

    async def remove(self, report_id: int, by: Signature) -> None:
        """Remove a report.

        Raises:
            StressReportUnknown: there is none of that number.
        """
        async with self._database.transaction() as tx:
            await sign(tx, by)
            if not await store.remove_report(tx, report_id):
                raise StressReportUnknown(report=report_id)
