"""Insights over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.ops.asked import Reasoned
from trinity_beast.ops.errors import StatementsUncounted
from trinity_beast.ops.insights.model import Insight
from trinity_beast.ops.insights.service import Insights
from trinity_beast.storage import DependencyAway
from trinity_beast.web import refusals, timestamp_of


class StatementTold(BaseModel):
    """One kind of statement, its values left out, and what all of its kind have cost."""

    statement: str
    calls: int
    total_ms: float
    mean_ms: float
    rows: int
    buffer_hit_ratio: float | None = Field(description="What was in memory, of all pages it read; null where it read none.")


class TableTold(BaseModel):
    """A table, its partitions together. Rows are as the server reckons them."""

    table: str
    partitions: int
    live_rows: int
    dead_rows: int
    bytes: int = Field(description="With its indexes.")
    whole_scans: int = Field(description="How often it, or one of its partitions, was read from end to end.")
    rows_read_whole: int = Field(description="Rows read by that.")
    index_scans: int
    last_analyzed_at: str | None


class PartitionedTold(BaseModel):
    """A table that is cut into parts."""

    table: str
    partitions: int
    first: str | None
    last: str | None
    bytes: int


class InsightTold(BaseModel):
    """How the database fares."""

    server_version: str
    database_bytes: int
    buffer_hit_ratio: float | None = Field(description="What was in memory, of all pages read since the server's counts began.")
    counted_since: str | None = Field(description="Since when statements are counted; null where they are not.")
    statements: list[StatementTold] | None = Field(description="Null where they are not counted.")
    statements_missing: str = Field(description="Why statements are not counted; empty where they are.")
    tables: list[TableTold]
    partitioned: list[PartitionedTold]


class Anew(BaseModel):
    """Statements are counted anew from here."""

    reset: bool


def insight_routes(insights: Insights, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes for what the database tells of itself. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["operations"])

    @router.get("/db-insights", responses=refusals(*ADMIN_REFUSALS, DependencyAway))
    async def db_insights(
        _who: Annotated[Operator, Depends(operator)],
        top: Annotated[int, Query(ge=1, le=200, description="How many statements and tables at most.")] = 20,
        by: Annotated[
            Literal["time", "calls"], Query(description="Which statements: those that took longest, or came most often.")
        ] = "time",
    ) -> InsightTold:
        """Tell how much is read from memory, which statements cost most, how tables are read, and which partitions there are."""
        return _told(await insights.look(top=top, by_calls=by == "calls"))

    @router.post("/db-insights/reset", responses=refusals(*ADMIN_REFUSALS, StatementsUncounted, DependencyAway))
    async def count_anew(who: Annotated[Operator, Depends(operator)], body: Reasoned) -> Anew:
        """Begin to count statements anew, for a clean measurement."""
        await insights.count_anew(body.signed(who, "counted anew"))
        return Anew(reset=True)

    return router


def _told(insight: Insight) -> InsightTold:
    tables = [
        TableTold(**asdict(each) | {"last_analyzed_at": timestamp_of(each.last_analyzed_at) if each.last_analyzed_at else None})
        for each in insight.tables
    ]
    return InsightTold(
        server_version=insight.server_version,
        database_bytes=insight.database_bytes,
        buffer_hit_ratio=insight.buffer_hit_ratio,
        counted_since=timestamp_of(insight.counted_since) if insight.counted_since else None,
        statements=None if insight.statements is None else [StatementTold(**asdict(each)) for each in insight.statements],
        statements_missing=insight.statements_missing,
        tables=tables,
        partitioned=[PartitionedTold(**asdict(each)) for each in insight.partitioned],
    )
