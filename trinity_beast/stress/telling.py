"""How figures are put into words, on a terminal and on a page alike."""

from trinity_beast.stress.report import Report, StepReport


def summary(report: Report) -> list[str]:
    """Return what a report comes to, in sentences."""
    clients = "one client" if report.clients == 1 else f"{report.clients} clients"
    whole = "" if report.is_complete else "Not complete: " + (report.fault or "it was stopped") + ". "
    best = report.best
    lines = [f"{whole}{report.asked:,} requests by {clients}, {short_share(report.success)} answered well."]
    if best is not None and best.good:
        lines.append(f"Most good answers a second: {best.per_second:,.0f} ({best.protocol.upper()}, {best.concurrent:,} at once).")
    spent, answers = sum(step.processor_seconds for step in report.steps), sum(step.good for step in report.steps)
    if spent and answers:
        lines.append(f"The clients' own work: {spent / answers * 1e6:.2f} µs of processor time for each answer.")
    return lines


def spread_told(step: StepReport) -> str:
    """Return how a level was spread."""
    if step.protocol == "udp":
        return f"{min(step.on_wire or step.concurrent, step.concurrent):,} on the wire"
    return f"{step.connections:,}" + (f" x {step.depth}" if step.depth > 1 else "")


def beside_good(step: StepReport) -> str:
    """Return what came of requests that were not answered well, the most frequent first."""
    bad = {code: count for code, count in step.codes.items() if not (code == "OK" or (len(code) == 3 and code.startswith("2")))}
    failed = {_failure(step, why): count for why, count in step.failures.items()}
    counted = sorted((bad | failed).items(), key=lambda pair: -pair[1])
    return ", ".join(f"{count:,} {what}" for what, count in counted) or "-"


def _failure(step: StepReport, why: str) -> str:
    return "lost" if step.protocol == "udp" and why == "timeout" else why


def short_share(share: float) -> str:
    """Return a part as a percentage that says 100 % only of all."""
    if share >= 1.0:
        return "100 %"
    return f"{min(share * 100, 99.9999):.4f}".rstrip("0").rstrip(".") + " %"


def short_time(micros: float) -> str:
    """Return a time in the unit it is best read in."""
    for unit, size in (("s", 1_000_000), ("ms", 1_000)):
        if micros >= size:
            return f"{micros / size:.3g} {unit}" if micros < 1_000 * size else f"{micros / size:,.0f} {unit}"
    return f"{micros:.3g} µs"
