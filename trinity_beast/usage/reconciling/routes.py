"""Reconciling over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.storage import DependencyAway
from trinity_beast.usage.errors import SpoolUnreadable
from trinity_beast.usage.reconciling.model import Sought
from trinity_beast.usage.reconciling.service import Reconciler
from trinity_beast.usage.reconciling.told import ReconciledTold, reconciled_told
from trinity_beast.web import Day, refusals


def reconcile_routes(reconciler: Reconciler, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the comparison as this node can make it: of its own spool, its engine and the database. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["usage"])

    @router.get("/usage/reconcile", responses=refusals(*ADMIN_REFUSALS, SpoolUnreadable, DependencyAway))
    async def reconcile(
        _who: Annotated[Operator, Depends(operator)],
        day: Annotated[
            Day | None, Query(description="Only this UTC day, such as 2026-11-20: it reads every row of what it compares.")
        ] = None,
        node: Annotated[str, Query(max_length=40, description="Only the lanes of this node.")] = "",
    ) -> ReconciledTold:
        """Compare spool, rows, counters of keys and sums by day; tell all that differs. There must be nothing."""
        return reconciled_told(await reconciler.reconcile(Sought(day, node)))

    return router
