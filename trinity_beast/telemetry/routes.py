"""How this node fares, over HTTP. Free, without a key."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from trinity_beast.telemetry.counters import Counters
from trinity_beast.telemetry.errors import NotReady
from trinity_beast.telemetry.exposition import MEDIA_TYPE, exposition
from trinity_beast.telemetry.health import Health, HealthReport, PartHealth
from trinity_beast.telemetry.latency import Figures, figures
from trinity_beast.telemetry.metric import Samples
from trinity_beast.web import Detail, current, refusals


def health_routes(health: Health, *, with_facts: bool) -> APIRouter:
    """Return the health routes. `with_facts` tells each part's figures too, for ports that are not public."""
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("")
    async def how_it_fares() -> dict[str, Any]:
        """Tell how every part fares. 200 as long as the process answers; `status` says whether it can serve."""
        return _told(await health.report(), with_facts=with_facts)

    @router.get("/live")
    async def is_alive() -> dict[str, Any]:
        """Tell that the process is up, asking nothing of any part: what a supervisor restarts by."""
        return {"status": "alive", "up_seconds": round(health.up_seconds, 3)}

    @router.get("/ready", responses=refusals(NotReady))
    async def is_ready() -> dict[str, Any]:
        """Tell whether this node should get requests, 503 with the reasons when not: what a balancer routes by."""
        report = await health.report()
        if report.is_ready:
            return _told(report, with_facts=with_facts)
        failing = [each for each in report.parts if each.is_needed and not each.finding.is_ok]
        raise NotReady(parts=[each.part for each in failing], details=[_detail(each) for each in failing])

    return router


def metrics_routes(counters: Counters | None, *parts: Samples) -> APIRouter:
    """Return the counters' routes, with what each of `parts` counts, for the health port only. A writer has no counters of an engine."""
    router = APIRouter(tags=["health"])
    told: tuple[Samples, ...] = parts if counters is None else (counters.samples, *parts)

    @router.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> PlainTextResponse:
        """Tell every metric in Prometheus' text format; `docs/reference/metrics.md` says what each is."""
        identity = current().identity
        text = exposition((sample for part in told for sample in part()), node=identity.node, region=identity.region)
        return PlainTextResponse(text, media_type=MEDIA_TYPE)

    @router.get("/counters")
    async def counters_told() -> dict[str, int]:
        """Tell every counter by name, the 24 of the contract first."""
        return {} if counters is None else counters.read()

    @router.get("/latencies")
    async def latencies_told() -> dict[str, Figures]:
        """Tell how long answers to known keys took, by way: in microseconds, within 0.8 per cent."""
        return {} if counters is None else {way: figures(one) for way, one in counters.latencies().items()}

    return router


def _told(report: HealthReport, *, with_facts: bool) -> dict[str, Any]:
    parts = [_part(each, with_facts=with_facts) for each in report.parts]
    return {"status": report.status, "up_seconds": round(report.up_seconds, 3), "parts": parts}


def _part(each: PartHealth, *, with_facts: bool) -> dict[str, Any]:
    told = {"part": each.part, "ok": each.finding.is_ok, "needed": each.is_needed, "reason": each.finding.reason}
    return {**told, "facts": dict(each.finding.facts)} if with_facts else told


def _detail(each: PartHealth) -> Detail:
    return Detail(each.part, NotReady.code, each.finding.reason or "Not working.", "Wait, or look at this part's log lines.")
