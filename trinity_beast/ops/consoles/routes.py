"""The consoles over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.ops.consoles.errors import CacheCommandRefused, CacheKeyRefused, CacheNone, ConfirmationWrong, SqlNotOne, SqlVerbRefused
from trinity_beast.ops.consoles.service import CacheDesk, SqlDesk
from trinity_beast.ops.consoles.told import AskBatch, AskSql, AskValkey, BatchAnswer, SqlTold, ValkeyTold, batch_told, sql_told
from trinity_beast.storage import Bounds, ConsoleClosed, DependencyAway, SqlForbidden, SqlRefused, SqlTooLong
from trinity_beast.web import current, refusals

_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)
_SQL = (*_ANYWHERE, SqlNotOne, SqlVerbRefused, SqlRefused, SqlForbidden, SqlTooLong, ConsoleClosed)


def console_routes(sql: SqlDesk, cache: CacheDesk, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the consoles' routes. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["consoles"])

    @router.post("/sql", responses=refusals(*_SQL))
    async def ask_sql(who: Annotated[Operator, Depends(operator)], body: AskSql) -> SqlTold:
        """Carry out one statement as a role that sees no secret and owns nothing; it changes rows only where `write` says so."""
        _keep_nowhere()
        return sql_told(await sql.ask(body.statement, body.values(), body.bounds(), may_write=body.write, by=body.signed(who)))

    @router.post("/sql-batch", responses=refusals(*_SQL, ConfirmationWrong))
    async def ask_batch(who: Annotated[Operator, Depends(operator)], body: AskBatch) -> BatchAnswer:
        """Rehearse statements, tables of one's own among them, and tell a token; with it, carry them out in one transaction."""
        _keep_nowhere()
        bounds = Bounds(seconds=body.seconds)
        return batch_told(await sql.batch(body.statements, bounds, token=body.confirm, by=body.signed(who)))

    @router.post("/valkey", responses=refusals(*_ANYWHERE, CacheNone, CacheCommandRefused, CacheKeyRefused))
    async def ask_valkey(who: Annotated[Operator, Depends(operator)], body: AskValkey) -> ValkeyTold:
        """Carry out one command of a short list; what is named after customers' keys is neither told nor touched."""
        _keep_nowhere()
        answer, milliseconds = await cache.ask(body.command, may_write=body.write, by=body.signed(who))
        return ValkeyTold(answer=answer, milliseconds=round(milliseconds, 3))

    return router


def _keep_nowhere() -> None:
    """Have the answer kept by no cache on its way."""
    current().headers.append(("Cache-Control", "no-store"))
