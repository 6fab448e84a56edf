"""Reports over HTTP: for keys under `/reports`, for operators, who see everybody's, under `/admin/reports`."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from trinity_beast.access import ADMIN_REFUSALS, KEY_REFUSALS, Approach, KeyUnknown, Operator
from trinity_beast.errors import TrinityError
from trinity_beast.reports.accepted import Coding, coding_accepted, forms_accepted
from trinity_beast.reports.asked import Asked, asked_of, fields_of
from trinity_beast.reports.askers import Askers
from trinity_beast.reports.described import DESCRIBED, parameters_of, responses_of
from trinity_beast.reports.errors import CursorExpired, CursorInvalid, ReportInvalid, ReportQuotaSpent
from trinity_beast.reports.formats import told_time
from trinity_beast.reports.limits import with_reports
from trinity_beast.reports.model import OPERATOR, Asker, Form, Head, Kind
from trinity_beast.reports.packing import packing_of
from trinity_beast.reports.service import Reports, Telling, Way
from trinity_beast.reports.streaming import parts_of, writer_of
from trinity_beast.storage import DependencyAway
from trinity_beast.web import Caller, Overloaded, Stream, Streamed, current, refusals

_EVERYWHERE = (ReportInvalid, KeyUnknown, Overloaded, DependencyAway)
_OF_LISTINGS = (CursorInvalid, CursorExpired)
_VARY = "Accept, Accept-Encoding, Authorization, X-API-Key"


def report_routes(reports: Reports, askers: Askers) -> APIRouter:
    """Return the reports of a key's owner."""
    router = APIRouter(prefix="/reports", tags=["reports"])

    async def admitted(caller: Caller) -> Asker:
        passage = await askers.let_in(caller.secret, Approach(caller.in_url, caller.address, caller.origin, caller.is_read))
        current().headers.extend(passage.headers)
        if passage.refusal is not None:
            raise passage.refusal
        return await askers.asker(passage)

    given = (*KEY_REFUSALS, ReportQuotaSpent, *_EVERYWHERE)
    for kind in Kind:
        _add(router, kind, reports, admitted, given)
    return router


def report_admin_routes(reports: Reports, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the reports of all keys."""
    router = APIRouter(prefix="/admin/reports", tags=["reports"])

    async def admitted(_who: Annotated[Operator, Depends(operator)]) -> Asker:
        return OPERATOR

    given = (*ADMIN_REFUSALS, *_EVERYWHERE)
    for kind in Kind:
        _add(router, kind, reports, admitted, given)
    return router


def _add(
    router: APIRouter, kind: Kind, reports: Reports, admitted: Callable[..., Awaitable[Asker]], refused: Sequence[type[TrinityError]]
) -> None:  # fmt: skip
    """Add one report. Its fields are read by `asked`, which says all that is wrong with them at once, and strictly."""

    async def report(request: Request, by: Annotated[Asker, Depends(admitted)]) -> Response:
        now = current().clock.now()
        asked = asked_of(kind, fields_of(request.scope["query_string"]), now)
        return Streamed(_opened(reports, asked, by, request, now))

    router.add_api_route(
        f"/{kind.value}",
        report,
        methods=["GET"],
        name=f"report_{kind.value}",
        summary=DESCRIBED[kind][0],
        description=DESCRIBED[kind][1],
        responses={**refusals(*refused, *(_OF_LISTINGS if kind.is_listing else ())), **responses_of(kind)},
        openapi_extra={"parameters": parameters_of(kind)},
    )


@asynccontextmanager
async def _opened(reports: Reports, asked: Asked, by: Asker, request: Request, now: datetime) -> AsyncIterator[Stream]:
    header = request.headers.get
    form = asked.form or next(forms_accepted(header("accept", "")), Form.JSON)
    coding = coding_accepted(header("accept-encoding", ""))
    way = Way(current().request_id, form.value, none_match=header("if-none-match", ""))
    async with reports.opened(asked, by, way) as telling:
        if by.quota is not None and telling.head.month_count is not None:
            current().headers[:] = with_reports(current().headers, by.quota, telling.head.month_count, now)
        headers = [*_told_of(telling.head), ("Vary", _VARY), *_following(telling.head, request)]
        if telling.is_unchanged:
            yield Stream(headers, _nothing(), status=304)
            return
        writer = writer_of(form, asked, current().granted_around)
        headers += [("Content-Type", writer.media_type), ("Content-Disposition", _disposition(form, telling.head))]
        headers += [] if coding is Coding.IDENTITY else [("Content-Encoding", coding.value)]
        is_head = current().method == "HEAD"
        yield Stream(headers, _no_rows(telling) if is_head else parts_of(telling, writer, packing_of(coding)))


def _told_of(head: Head) -> list[tuple[str, str]]:
    told = [("X-Report-Store", head.store), ("X-Report-Complete-Until", told_time(head.complete_until))]
    if head.etag is not None:
        # It may be kept, by the caller alone, and asked after each time.
        told += [("ETag", head.etag), ("Cache-Control", "private, no-cache")]
    return told


def _following(head: Head, request: Request) -> list[tuple[str, str]]:
    if head.next_cursor is None:
        return []
    fields = [(name, text) for name, text in request.query_params.multi_items() if name not in {"cursor", "key"}]
    address = f"{request.url.path}?{urlencode([*fields, ('cursor', head.next_cursor)])}"
    return [("X-Next-Cursor", head.next_cursor), ("Link", f'<{address}>; rel="next"')]


def _disposition(form: Form, head: Head) -> str:
    """Return under which name a report is kept. JSON is looked at where it is; the others are files."""
    ending = "txt" if form is Form.TEXT else form.value
    name = f"{head.kind.value}-{head.since:%Y%m%dT%H%M%SZ}-{head.until:%Y%m%dT%H%M%SZ}.{ending}"
    return f'{"inline" if form in {Form.JSON, Form.TEXT} else "attachment"}; filename="{name}"'


async def _no_rows(telling: Telling) -> AsyncGenerator[bytes, None]:
    """Tell the head alone. Nothing of the report was told, so it is not counted."""
    telling.is_whole = True
    yield b""


async def _nothing() -> AsyncGenerator[bytes, None]:
    return
    yield b""  # What makes this a generator.
