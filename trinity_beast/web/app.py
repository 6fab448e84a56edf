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
from trinity_beast.web.edge import Edge
from trinity_beast.web.envelope import JSON, Identity
from trinity_beast.web.known_limits import KnownLimits
from trinity_beast.web.metering import Count, Meter
from trinity_beast.web.openapi import description
from trinity_beast.web.pages import page_routes
from trinity_beast.web.refusals import answer_error
from trinity_beast.web.request_ids import RequestIds
from trinity_beast.web.words import Words

Router = APIRouter
"""What a capability's `routes.py` returns."""


class EnvelopeResponse(Response):
    """Puts what a route returns into the envelope. Every route answers so unless it returns a Response itself."""

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
    traces: Traces = UNTRACED,
) -> App:
    """Build the app of one port from its routers.

    `links` are (address, what is there) for the landing page. `meter` records the answers to known keys; None records
    nothing, and `count` None counts nothing, for ports that serve no customer. `limits` knows the rate-limit fields of callers
    whom no route let in, such as those who ask for what is not there. `traces` is told of every request.
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
    api.include_router(_description_route(api))
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
        traces=traces,
    )


def _description_route(api: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    made: list[dict[str, Any]] = []

    @router.get("/openapi.json")
    async def openapi() -> Response:
        # Made on first asking, when every router is in place; the one plain JSON answer, because tools read it as it is.
        if not made:
            made.append(description(api))
        return JSONResponse(made[0])

    return router
