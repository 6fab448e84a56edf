"""Leak reports over HTTP, in the shape secret-scanning partners send and expect; and what operators see of them.

Source: https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program, read 2026-11-20.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from trinity_beast.access.asked import Body, Expected
from trinity_beast.access.errors import ADMIN_REFUSALS, RateLimited, ReporterInvalid, ReporterUnknown
from trinity_beast.access.leaks.model import Reporter
from trinity_beast.access.leaks.service import FINDINGS_MAX, Leaks
from trinity_beast.access.operators import Operator
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.storage import DependencyAway
from trinity_beast.web import NUMBER_MAX, refusals, timestamp_of, told_as

_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)
_TEXT = {"type": "string"}
_FINDINGS = {
    "type": "array",
    "maxItems": FINDINGS_MAX,
    "items": {
        "type": "object",
        "properties": {"token": _TEXT, "type": _TEXT, "url": _TEXT, "source": _TEXT},
        "required": ["token"],
    },
}
_LABELS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"token_hash": _TEXT, "token_type": _TEXT, "label": {"enum": ["true_positive", "false_positive"]}},
        "required": ["token_hash", "token_type", "label"],
    },
}
"""The shapes of both sides, which are not ours to choose."""


class ReporterTold(BaseModel):
    """Whose reports are believed."""

    identifier: str
    name: str
    public_key: str
    added_at: str
    version: int = Field(description="What a change expects that is to overwrite nobody else's.")


class ReportersTold(BaseModel):
    """Everybody whose reports are believed."""

    reporters: list[ReporterTold]


class LeakTold(BaseModel):
    """A key that was found, where, by whom, and what became of it."""

    leak_id: int
    key_id: int
    public_id: str
    reported_at: str
    reporter: str
    url: str
    source: str
    action: str = Field(description="revoked, noted, or ended: it had ended before.")


class LeaksTold(BaseModel):
    """Leaks, the newest first; `next_before` asks for those before them, and is null at the end."""

    leaks: list[LeakTold]
    next_before: int | None


class Trust(Body):
    """A reporter to be believed."""

    identifier: str = Field(max_length=100, description="What their reports name the key by.")
    name: str = Field(max_length=100)
    public_key: str = Field(max_length=2_000, description="On the curve P-256, in PEM.")
    expected_version: Expected = None


class Distrust(Body):
    """A reporter to be believed no more."""

    identifier: str = Field(max_length=100, pattern=r"^[^\x00]*$")


class Distrusted(BaseModel):
    """A reporter who is believed no more."""

    identifier: str


def leak_routes(leaks: Leaks) -> APIRouter:
    """Return the route reporters send to."""
    router = APIRouter(tags=["leaks"])

    @router.post(
        "/leaked-keys",
        response_class=JSONResponse,
        responses={
            **told_as("application/json", "Each finding, and whether it was ever a key of ours.", _LABELS),
            **refusals(ReporterUnknown, RateLimited, DependencyAway),
        },
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _FINDINGS}}}},
    )
    async def report_leaks(
        request: Request,
        identifier: Annotated[str, Header(alias="Github-Public-Key-Identifier", max_length=200)] = "",
        signature: Annotated[str, Header(alias="Github-Public-Key-Signature", max_length=500)] = "",
    ) -> Response:
        """Take a signed list of findings and tell for each whether it was ever a key of ours: a bare list, as partners read it."""
        address = request.client.host if request.client else ""
        labels = await leaks.report(await request.body(), identifier=identifier, signature=signature, address=address)
        told = [
            {
                "token_hash": label.token_hash,
                "token_type": label.token_type,
                "label": "true_positive" if label.is_key else "false_positive",
            }
            for label in labels
        ]
        return Response(msgspec.json.encode(told), media_type="application/json")

    return router


def leak_admin_routes(leaks: Leaks, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return what operators see and decide of leaks. `operator` lets operators in."""
    router = APIRouter(prefix="/admin/leaks", tags=["leaks"])

    @router.get("", responses=refusals(*_ANYWHERE))
    async def list_leaks(
        _who: Annotated[Operator, Depends(operator)],
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="Only leaks below this one.")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
    ) -> LeaksTold:
        """List keys that were found where they should not be, the newest first."""
        found = await leaks.listing(before=before, limit=limit)
        told = [
            LeakTold(
                leak_id=leak.leak_id,
                key_id=leak.key_id,
                public_id=leak.public_id,
                reported_at=timestamp_of(leak.reported_at),
                reporter=leak.reporter,
                url=leak.url,
                source=leak.source,
                action=leak.action,
            )
            for leak in found
        ]
        return LeaksTold(leaks=told, next_before=found[-1].leak_id if len(found) == limit else None)

    @router.get("/reporters", responses=refusals(*_ANYWHERE))
    async def list_reporters(_who: Annotated[Operator, Depends(operator)]) -> ReportersTold:
        """List whose reports are believed."""
        return ReportersTold(reporters=[_reporter_told(each) for each in await leaks.reporters()])

    @router.post("/trust", status_code=201, responses=refusals(*_ANYWHERE, ReporterInvalid, ChangedMeanwhile))
    async def trust_reporter(who: Annotated[Operator, Depends(operator)], body: Trust) -> ReporterTold:
        """Believe whoever signs with this key. One of that identifier gets another name and key."""
        by, expected = body.signed(who), body.expected_version
        return _reporter_told(await leaks.trust(body.identifier, body.name, body.public_key, by, expected_version=expected))

    @router.post("/distrust", responses=refusals(*_ANYWHERE, ReporterUnknown))
    async def distrust_reporter(who: Annotated[Operator, Depends(operator)], body: Distrust) -> Distrusted:
        """Believe a reporter no more."""
        await leaks.distrust(body.identifier, body.signed(who))
        return Distrusted(identifier=body.identifier)

    return router


def _reporter_told(each: Reporter) -> ReporterTold:
    return ReporterTold(
        identifier=each.identifier,
        name=each.name,
        public_key=each.public_key,
        added_at=timestamp_of(each.added_at),
        version=each.version,
    )
