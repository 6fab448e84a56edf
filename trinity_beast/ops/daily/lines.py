"""What is told of each part of the system, and whether that is well. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from trinity_beast.feeds import FeedState, FeedStatus
from trinity_beast.jobs import JobStanding
from trinity_beast.ops.cluster.model import Summed, View
from trinity_beast.ops.standing.model import Line, duration
from trinity_beast.storage import CacheGauges
from trinity_beast.telemetry import HealthReport
from trinity_beast.usage import Overview, Totals

FULL_PERCENT = 90.0
MILLISECOND_NS = 1_000_000


def service_lines(report: HealthReport) -> list[Line]:
    """Tell how every part of the node fares."""
    lines = [Line("node", "good" if report.is_ready else "wrong", f"{report.status}, up {duration(report.up_seconds)}")]
    for part in report.parts:
        facts = ", ".join(f"{name} {value}" for name, value in part.finding.facts.items())
        standing = "good" if part.finding.is_ok else "wrong" if part.is_needed else "weak"
        lines.append(Line(part.part, standing, ": ".join(each for each in (part.finding.reason, facts) if each)))
    return lines


def feed_lines(feeds: Iterable[FeedStatus], assets: Mapping[str, int]) -> list[Line]:
    """Tell how every exchange's feed stands, and how sure the assets held are."""
    lines = []
    for feed in feeds:
        if feed.state is FeedState.OFF:
            lines.append(Line(feed.venue, "off", "switched off"))
            continue
        told = [f"{len(feed.symbols)} symbols"] + ([f"{feed.connections} connections"] if feed.connections != 1 else [])
        told += [f"silent {feed.silent_seconds:.0f} s"] if feed.silent_seconds else []
        told += [f"exchange says {feed.venue_status}"] if feed.venue_status and not feed.venue_status_is_good else []
        told += [feed.last_error] if feed.last_error and feed.state is not FeedState.LIVE else []
        is_well = feed.state is FeedState.LIVE and feed.venue_status_is_good
        lines.append(Line(feed.venue, "good" if is_well else "weak", f"{feed.state.value}: {', '.join(told)}"))
    held, unserved = sum(assets.values()), assets.get("stale", 0) + assets.get("unavailable", 0)
    states = ", ".join(f"{count} {state}" for state, count in assets.items() if count) or "none is held"
    lines.append(Line("assets", "good" if not unserved else "wrong" if unserved == held else "weak", states))
    return lines


def cluster_lines(view: View, together: Summed) -> list[Line]:
    """Tell who is there, who is missing, and what they do together."""
    told = f"{len(view.found)} of {view.nodes_expected} nodes"
    lines = [Line("nodes", "good" if len(view.found) >= view.nodes_expected else "wrong", told)]
    if view.trouble:
        # With nobody else expected there is nothing to be missed.
        lines = [Line("nodes", "off" if view.nodes_expected == 1 else "weak", f"{told}: {view.trouble}")]
    for found in view.found:
        one = found.snapshot
        told = f"{one.version}, up {duration(one.up_seconds)}, parameters {one.parameters_version}, {one.process.cpu_percent:.0f} % cpu"
        lines.append(Line(one.cluster_node, "good", told))
    for gone in view.missing:
        lines.append(Line(gone.cluster_node, "wrong", "missing"))
    for name in view.twins:
        lines.append(Line(name, "wrong", "two nodes have this name"))
    derived, lately = together.derived, together.lately
    told = f"{lately.requests_per_second:,.1f} a second lately, {derived.requests:,} since counting began"
    lines.append(Line("requests", "good", told))
    shares = [("from memory", derived.memory_hit_percent), ("of datagrams dropped", derived.udp_dropped_percent)]
    shares += [("limited", derived.limited_percent), ("of usage lost", derived.usage_lost_percent)]
    told = ", ".join(f"{share:.2f} % {name}" for name, share in shares if share is not None) or "nothing was asked yet"
    lines.append(Line("shares", "wrong" if derived.usage_lost_percent else "good", told))
    return lines


def cache_lines(gauges: CacheGauges, info: Mapping[str, str]) -> list[Line]:
    """Tell how the shared cache fares: what it says of itself, and how the way there is."""
    way = f"{gauges.commands:,} commands, {gauges.failures:,} failures, {gauges.turned_away:,} not tried"
    used, most = _number(info, "used_memory"), _number(info, "maxmemory")
    is_full = bool(most) and 100 * used / most > FULL_PERCENT
    hits, misses = _number(info, "keyspace_hits"), _number(info, "keyspace_misses")
    told = [
        f"{used / 1_048_576:,.1f} MiB" + (f" of {most / 1_048_576:,.1f}" if most else ""),
        f"{_number(info, 'connected_clients')} clients",
    ]
    told += [f"{100 * hits / (hits + misses):.1f} % hits"] if hits + misses else []
    told += [f"{_number(info, 'evicted_keys'):,} evicted", f"up {duration(_number(info, 'uptime_in_seconds'))}"]
    version = info.get("valkey_version") or info.get("redis_version", "?")
    return [
        Line("server", "weak" if is_full else "good", f"{version}: {', '.join(told)}"),
        Line("way there", "good" if gauges.is_open else "wrong", way),
    ]


def queue_lines(overview: Overview) -> list[Line]:
    """Tell what waits to be stored, and where."""
    backlog, queue = overview.backlog, overview.queue
    told = f"{backlog.records:,} records in {backlog.files:,} files, {100 * backlog.bytes / overview.bytes_max:.1f} % of the bound"
    told += f", the oldest for {overview.oldest_seconds:,.0f} s" if backlog.files else ""
    is_full = backlog.bytes > overview.bytes_max * FULL_PERCENT / 100
    lines = [Line("spool", "wrong" if overview.trouble or is_full else "good", f"{overview.trouble}; {told}" if overview.trouble else told)]
    if queue is None:
        return [*lines, Line("queue", "off", "none: this node stores its own")]
    told = f"{queue.waiting or 0:,} messages wait, {queue.in_hand or 0:,} in hand, {queue.records_under_way:,} records under way"
    return [*lines, Line("queue", "weak" if queue.away else "good", queue.away or told)]


def writer_lines(overview: Overview) -> list[Line]:
    """Tell how fast usage is stored, what stands in the way, what was lost and what waits for a person."""
    shipped = overview.shipped
    told = f"{overview.stored_per_second:,.1f} records a second, {shipped.records:,} since the start, {shipped.failures:,} failures"
    lines = [Line("stored", "weak" if overview.away else "good", f"{overview.away}; {told}" if overview.away else told)]
    lines.append(Line("lost", "wrong" if overview.lost else "good", f"{overview.lost:,} records since the start"))
    aside = overview.set_aside
    if aside is None:
        return [*lines, Line("set aside", "weak", "the database does not answer")]
    waits = aside.batches + aside.messages
    return [*lines, Line("set aside", "weak" if waits else "good", f"{aside.batches:,} batches, {aside.messages:,} messages")]


def work_lines(jobs: Sequence[JobStanding], *, now: datetime) -> list[Line]:
    """Tell how the works that are done by themselves ended last; synchronisation first."""
    return [_job_line(job, now) for job in sorted(jobs, key=lambda job: (job.name != "ops.sync", job.name))]


def usage_lines(totals: Sequence[Totals]) -> list[Line]:
    """Tell what was asked within the day: all of it, then by source, status and asset, the most first."""
    if not totals:
        return [Line("requests", "good", "none was stored")]
    whole = totals[0].counted
    latency = [f"p50 {_ms(whole.latency_ns_p50)}", f"p95 {_ms(whole.latency_ns_p95)}", f"p99 {_ms(whole.latency_ns_p99)}"]
    lines = [
        Line("requests", "good", f"{whole.requests:,}, {whole.charged:,} charged, {whole.refused:,} refused, {whole.answer_bytes:,} bytes"),
        Line("latency", "good", ", ".join(latency)),
    ]
    for dimension in dict.fromkeys(each.dimension for each in totals[1:]):
        most = [each for each in totals[1:] if each.dimension is dimension][:6]
        lines.append(Line(f"by {dimension.value}", "good", ", ".join(f"{each.value or '-'} {each.counted.requests:,}" for each in most)))
    return lines


def info_of(text: object) -> dict[str, str]:
    """Return what a server tells of itself, by name."""
    lines = text.decode(errors="replace").splitlines() if isinstance(text, bytes) else []
    return {name: value for name, sign, value in (line.partition(":") for line in lines) if sign and not name.startswith("#")}


def _job_line(job: JobStanding, now: datetime) -> Line:
    last, due = job.last, f"due {job.next_at:%m-%d %H:%M} UTC" + (" (late)" if job.next_at < now else "")
    failed = f", {job.failed} failed of those remembered" if job.failed else ""
    if last is None:
        return Line(job.name, "off", f"never yet; {due}{failed}")
    ended = f" {last.ended_at:%m-%d %H:%M}" if last.ended_at else ""
    is_well = last.state in {"succeeded", "doing", "todo"}
    return Line(job.name, "good" if is_well else "weak", f"{last.state}{ended}, {due}{failed}")


def _number(info: Mapping[str, str], name: str) -> int:
    text = info.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _ms(nanoseconds: int | None) -> str:
    return "-" if nanoseconds is None else f"{nanoseconds / MILLISECOND_NS:,.3f} ms"
