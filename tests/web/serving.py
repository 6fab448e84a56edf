"""An app on a port of its own, with clocks and words that tests can foresee."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from fastapi import APIRouter

from trinity_beast import content
from trinity_beast.clock import SystemClock
from trinity_beast.web import App, Count, Guard, HttpServer, Identity, Meter, RequestBounds, RequestIds, build_app

IDENTITY = Identity(service="LPO", node="BeastMain", region="local", version="1")


def small_app(
    routers: Sequence[APIRouter],
    *,
    meter: Meter | None = None,
    count: Count | None = None,
    bounds: RequestBounds | None = None,
    guard: Guard | None = None,
) -> App:
    clock = SystemClock()
    return build_app(
        routers,
        title="Trinity Beast",
        about="Prices.",
        links=(("/health", "how it fares"),),
        identity=IDENTITY,
        words=content,
        clock=clock,
        request_ids=RequestIds(clock),
        meter=meter,
        count=count,
        bounds=bounds,
        guard=guard,
    )


@contextlib.asynccontextmanager
async def serving(app: App) -> AsyncIterator[int]:
    """Serve `app` and yield its port."""
    server = HttpServer(app, clock=SystemClock(), refuse=app.refusal_bytes)
    port = await server.listen("127.0.0.1", 0)
    try:
        yield port
    finally:
        await server.stop(grace_seconds=1)
        assert server.open_connections == 0
