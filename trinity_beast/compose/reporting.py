"""The reports of a node (LRS): what its keys' use is told from, and its doors."""

from collections.abc import Callable

from trinity_beast import content
from trinity_beast.compose.doors import app_of
from trinity_beast.compose.followers import follow_database
from trinity_beast.compose.gates import Gates
from trinity_beast.compose.ground import Ground
from trinity_beast.compose.outlets import Outlets
from trinity_beast.compose.parameters import SHUTDOWN_GRACE_SECONDS
from trinity_beast.engine import Blocklist
from trinity_beast.parts import Part, Step
from trinity_beast.reports import Askers, Compact, Datagrams, Reports, Turnstile, Uses
from trinity_beast.reports.routes import report_admin_routes, report_routes
from trinity_beast.storage import Database
from trinity_beast.telemetry import Counters
from trinity_beast.telemetry.routes import health_routes
from trinity_beast.usage import UsageReader, Waiting
from trinity_beast.web import Count, HttpServer

STATEMENT_SECONDS, TRANSACTION_SECONDS = 30.0, 600.0
"""How long the database may take for some rows, and a caller for a whole report."""


def reporting_parts(on: Ground, gates: Gates, blocklist: Blocklist, counters: Counters, outlets: Outlets) -> list[Part]:
    """Return what answers reports, in the order it starts. Its connections are its own: a long report must not keep a key waiting."""
    url = on.settings.database_reader_url or on.database.url
    database = Database(url, statement_seconds=STATEMENT_SECONDS, traces=on.traces)
    follow_database(on.readings, database, transaction_seconds=TRANSACTION_SECONDS)
    reports = Reports(
        UsageReader(database, Waiting(on.folder.spool)),
        Uses(on.database, on.clock, on.readings),
        on.keys,
        Turnstile(on.readings),
        clock=on.clock,
        node=on.settings.node,
        cursor_secret=on.digests.derived("report cursors"),
    )
    outlets.tell(reports.tallies.samples)
    outlets.reports(counters, reports.tallies)
    askers = Askers(gates.callers, on.keys)
    routers = [
        report_routes(reports, askers),
        report_admin_routes(reports, operator=gates.operator),
        health_routes(on.health, with_facts=False),
    ]
    limits = gates.callers.known_limits
    app = app_of(on, "LRS", "Trinity Beast reports", routers, count=_counted(counters), limits=limits, traces=on.traces)
    is_blocked = _blocked_by(blocklist, counters)
    server = HttpServer(app, clock=on.clock, refuse=app.refusal_bytes, is_blocked=is_blocked)
    grace = on.readings.of(SHUTDOWN_GRACE_SECONDS)

    async def open_port() -> None:
        on.addresses["report"] = (on.settings.bind, await server.listen(on.settings.bind, on.settings.report_port))

    return [
        Step("reports database", down=database.close),
        Step("reports", up=open_port, down=lambda: server.stop(grace.value)),
        _datagram_port(on, reports, askers, counters, is_blocked),
    ]


def _datagram_port(
    on: Ground, reports: Reports, askers: Askers, counters: Counters, is_blocked: Callable[[str], bool]
) -> Part:  # fmt: skip
    compact = Compact(
        reports, askers, clock=on.clock, names=on.request_ids, words=content, node=on.settings.node, count=counters.add
    )  # fmt: skip
    datagrams = Datagrams(compact.answer, on.readings, count=counters.add, is_blocked=is_blocked)

    async def open_port() -> None:
        on.addresses["report_udp"] = (on.settings.bind, await datagrams.listen(on.settings.bind, on.settings.report_udp_port))

    return Step(datagrams.name, up=open_port, down=datagrams.stop)


def _blocked_by(blocklist: Blocklist, counters: Counters) -> Callable[[str], bool]:
    """Return what asks the engine whether an address is blocked, and counts it as the engine does at its own doors."""

    def is_blocked(address: str) -> bool:
        is_refused = blocklist.refuses(address)
        if is_refused:
            counters.add("blocked_refused")
        return is_refused

    return is_blocked


def _counted(counters: Counters) -> Count:
    """Return what counts the requests of this port by their own name."""

    def count(name: str, amount: int) -> None:
        counters.add("lrs_requests" if name == "tcp_requests" else name, amount)

    return count
