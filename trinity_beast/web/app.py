"""The app of one port: its routers within FastAPI, and the edge around it."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.traces import UNTRACED, Traces
from trinity_beast.web.asked import current
from trinity_beast.web.bounds import RequestBounds
from trinity_beast.web.declared import told_as
from trinity_beast.web.edge import Edge, Guard
from trinity_beast.web.envelope import JSON, Identity
from trinity_beast.web.examples import Example
from trinity_beast.web.known_limits import KnownLimits
from trinity_beast.web.metering import Count, Meter
from trinity_beast.web.openapi import description
from trinity_beast.web.pages import page_routes
from trinity_beast.web.refusals import answer_error
from trinity_beast.web.request_ids import RequestIds
from trinity_beast.web.words import Words

Router = APIRouter
"""What a capability's `routes.py` returns."""


class EnvelopeResponse(JSONResponse):
    """Puts what a route returns into the envelope. Every route answers so unless it returns a Response itself.

    FastAPI describes what is in an answer only where its class descends from JSONResponse.
    """

    media_type = JSON

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return current().granted(content)


class App(Edge):
    """What a server serves: an ASGI app, its description at hand."""

    def __init__(self, api: FastAPI, **edge: Any) -> None:
        super().__init__(api, **edge)
        self.api = api


def build_app(
    routers: Sequence[APIRouter],
    *,
    title: str,
    about: str,
    links: tuple[tuple[str, str], ...],
    identity: Identity,
    words: Words,
    clock: Clock,
    request_ids: RequestIds,
    meter: Meter | None = None,
    count: Count | None = None,
    bounds: RequestBounds | None = None,
    limits: KnownLimits | None = None,
    guard: Guard | None = None,
    traces: Traces = UNTRACED,
    examples: Sequence[Example] = (),
) -> App:
    """Build the app of one port from its routers.

    `links` are (address, what is there) for the landing page. `meter` records the answers to known keys; None records
    nothing, and `count` None counts nothing, for ports that serve no customer. `limits` knows the rate-limit fields of callers
    whom no route let in, such as those who ask for what is not there. `guard` sees every request first, `traces` is told of
    each. `examples` stand in the description.
    """
    api = FastAPI(
        title=title,
        description=about,
        version=identity.version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        default_response_class=EnvelopeResponse,
        # Its own would tell whole addresses, with the keys in them, and listen to the environment. The edge traces.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    for kind in (TrinityError, RequestValidationError, HTTPException, Exception):
        api.add_exception_handler(kind, answer_error)
    for router in routers:
        api.include_router(router)
    api.include_router(page_routes(title=title, about=about, links=(*links, ("/openapi.json", "every request, described"))))
    api.include_router(_description_route(api, words, identity.service, examples))
    return App(
        api,
        identity=identity,
        words=words,
        clock=clock,
        request_ids=request_ids,
        bounds=bounds or RequestBounds(),
        meter=meter,
        count=count,
        limits=limits,
        guard=guard,
        traces=traces,
    )


def _description_route(api: FastAPI, words: Words, service: str, examples: Sequence[Example]) -> APIRouter:
    router = APIRouter(tags=["pages"])
    made: list[dict[str, Any]] = []

    @router.get("/openapi.json", response_class=JSONResponse, responses=told_as(JSON, "This document.", {"type": "object"}))
    async def openapi() -> Response:
        """Describe every request this port answers, in OpenAPI 3.1."""
        # Made on first asking, when every router is in place; the one plain JSON answer, because tools read it as it is.
        if not made:
            made.append(description(api, words=words, service=service, examples=examples))
        return JSONResponse(made[0])

    return router
