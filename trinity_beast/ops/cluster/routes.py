"""Nodes and their counters over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.ops.asked import Reasoned
from trinity_beast.ops.cluster.counting import Counting
from trinity_beast.ops.cluster.told import ClusterTold, ResetTold, StressStatsTold, cluster_told, reset_told, stress_stats_told
from trinity_beast.storage import DependencyAway
from trinity_beast.web import refusals


def cluster_routes(counting: Counting, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["cluster"])

    @router.get("/cluster-stats", responses=refusals(*ADMIN_REFUSALS))
    async def cluster_stats(_who: Annotated[Operator, Depends(operator)]) -> ClusterTold:
        """Tell every node as it last told of itself, all of them together, and who is missing: one round trip to the shared cache.

        Without a shared cache, or while it is away, this node alone is told, and `trouble` says why.
        """
        glance = await counting.glance()
        return cluster_told(glance.view, region=counting.itself.region, now=glance.at, milliseconds=glance.milliseconds)

    @router.get("/stress-stats", responses=refusals(*ADMIN_REFUSALS))
    async def stress_stats(_who: Annotated[Operator, Depends(operator)]) -> StressStatsTold:
        """Tell this node's 24 counters since they were last begun anew, and the rates and shares they come to."""
        return stress_stats_told(*counting.stats())

    @router.post("/stress-reset", responses=refusals(*ADMIN_REFUSALS, DependencyAway))
    async def stress_reset(who: Annotated[Operator, Depends(operator)], body: Reasoned) -> ResetTold:
        """Begin this node's counts and rates anew, as before a stress test. What Prometheus reads only rises and goes on."""
        return reset_told(counting.itself.node, await counting.reset(body.signed(who, "begun anew")))

    return router
