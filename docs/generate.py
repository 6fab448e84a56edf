"""Write docs/reference from the code: `make docs`. With --check, only say which page is out of date, and end with 1.

A page made from what the program itself uses cannot tell another story than the program.
"""

import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

import trinity_beast
from trinity_beast import content
from trinity_beast.access import ADMIN_REFUSALS
from trinity_beast.access.admin.routes import key_admin_routes, trail_routes
from trinity_beast.access.alerts.routes import alert_routes
from trinity_beast.access.blocklist.routes import blocklist_routes
from trinity_beast.access.busiest.routes import busiest_routes
from trinity_beast.access.leaks.routes import leak_admin_routes, leak_routes
from trinity_beast.access.routes import admission, key_routes, operation
from trinity_beast.access.tiers.routes import tier_routes
from trinity_beast.cli import beast
from trinity_beast.clock import SystemClock
from trinity_beast.compose.knobs import declarations
from trinity_beast.errors import TrinityError
from trinity_beast.feeds.auditing.routes import audit_routes
from trinity_beast.feeds.discovering.routes import discovery_routes
from trinity_beast.feeds.routes import asset_routes, feed_routes
from trinity_beast.ops.cluster.routes import cluster_routes
from trinity_beast.ops.consoles.routes import console_routes
from trinity_beast.ops.daily.routes import daily_routes
from trinity_beast.ops.insights.routes import insight_routes
from trinity_beast.ops.logs.routes import log_routes
from trinity_beast.ops.runs.routes import job_routes
from trinity_beast.ops.security.routes import security_routes
from trinity_beast.parameters.built_in import PROFILES
from trinity_beast.parameters.routes import parameter_routes
from trinity_beast.pricing.board.routes import board_routes
from trinity_beast.pricing.routes import price_routes
from trinity_beast.reports.routes import report_admin_routes, report_routes
from trinity_beast.stress.kept.routes import stress_routes
from trinity_beast.telemetry import metrics_in
from trinity_beast.telemetry.catalog import CONTRACT
from trinity_beast.telemetry.routes import health_routes
from trinity_beast.usage.overseeing.routes import usage_admin_routes
from trinity_beast.usage.reconciling.routes import reconcile_routes
from trinity_beast.web import Identity, Router, build_app
from trinity_beast.web.openapi import description

REFERENCE = Path(__file__).parent / "reference"
NOT_BY_HAND = "*Made from the code by `make docs`; a change by hand is lost.*"


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them; return the exit status."""
    for module in pkgutil.walk_packages(trinity_beast.__path__, "trinity_beast."):
        importlib.import_module(module.name)
    stale = [name for name, page in PAGES.items() if _present(name) != page()]
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"docs/reference/{name} is out of date: run `make docs` and commit what it changes.\n")
        return 1 if stale else 0
    REFERENCE.mkdir(exist_ok=True)
    for name in stale:
        (REFERENCE / name).write_text(PAGES[name](), encoding="utf-8")
        sys.stderr.write(f"docs/reference/{name} written\n")
    return 0


def refusals_page() -> str:
    """Return every refusal: its code, status, words and meaning."""
    lines = [
        "# Refusals",
        "",
        NOT_BY_HAND,
        "",
        "A code is never renamed and never changes its status. Programs branch on it; people read the rest.",
        "",
    ]
    for refusal in sorted(set(_heirs(TrinityError)), key=lambda one: one.code):
        words = content.told(refusal.code)
        meaning = " ".join((refusal.__doc__ or "").split())
        lines += [f"## {refusal.code} ({refusal.status})", "", meaning, "", f"**{words.title}.** {words.message} {words.fix}", ""]
    return "\n".join(lines)


def parameters_page() -> str:
    """Return every parameter: its unit, default, range and meaning."""
    declared = declarations()
    lines = ["# Parameters", "", NOT_BY_HAND, ""]
    lines += [f"What an operator may turn while a node runs: {len(list(declared))} of them. See `docs/guides/parameters.md`.", ""]
    lines += ["| parameter | group | unit | default | least | most | what it does |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for one in sorted(declared, key=lambda one: (one.group, one.name)):
        told = one.help + (f" One of {', '.join(map(str, one.choices))}." if one.choices else "")
        told += " **From the next start on.**" if one.needs_restart else ""
        cells = [f"`{one.name}`", one.group, one.unit, _shown(one.default), _shown(one.least), _shown(one.most), told]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "## What they must agree upon", ""]
    lines += [f"- {agreement.sentence}" for agreement in declared.agreements]
    return "\n".join([*lines, ""])


def metrics_page() -> str:
    """Return every metric: its name on the page of metrics, its kind, unit, labels and meaning."""
    lines = ["# Metrics", "", NOT_BY_HAND, ""]
    lines += [
        "What `/metrics` on the health ports tells, in Prometheus' text format. Each has the labels `node` and `region` besides its own; a",
        "counter only rises, until the node starts anew or its counters are reset. A histogram `x` is told as `x_bucket` (with `le`, in",
        "seconds, true to 0.8 %), `x_sum` and `x_count`.",
        "",
        "| metric | kind | unit | labels | what it tells |",
        "| --- | --- | --- | --- | --- |",
    ]
    metrics = metrics_in(*(module for name, module in sorted(sys.modules.items()) if name.startswith("trinity_beast.")))
    for metric in metrics:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(f"| `{metric.exposed}` | {metric.kind} | {metric.unit} | {labels} | {metric.about} |")
    lines += ["", "## The 24 of the contract", "", "In their order, as `/counters` tells them:", ""]
    lines += [f"{place}. `{name}`" for place, name in enumerate(CONTRACT, start=1)]
    return "\n".join([*lines, ""])


def profiles_page() -> str:
    """Return every profile of the program: what it is for, and what it sets."""
    lines = ["# Profiles", "", NOT_BY_HAND, ""]
    lines += ["Each sets what is told here and puts every other parameter at its default. See `docs/guides/parameters.md`.", ""]
    for profile in PROFILES.values():
        lines += [f"## {profile.name} ({profile.group})", "", profile.description, ""]
        lines += ["| parameter | value | default |", "| --- | --- | --- |"]
        for name, value in sorted(profile.values.items()):
            lines.append(f"| `{name}` | {_shown(value)} | {_shown(declarations().named(name).default)} |")
        lines.append("")
    return "\n".join(lines)


def commands_page() -> str:
    """Return every verb of `beast`: what it does, its options, an example."""
    lines = ["# Commands", "", NOT_BY_HAND, ""]
    lines += ["Every verb ends with 0 when it is done, 1 when it failed, 2 when it was misused; data goes to stdout, talk to stderr.", ""]
    for words, command in _verbs("beast", typer.main.get_command(beast)):
        lines += [f"## {words}", "", " ".join((command.help or "").split()), ""]
        if command.epilog:
            lines += [f"{command.epilog.partition(': ')[0]}: `{command.epilog.partition(': ')[2]}`", ""]
        lines += [_option_line(option) for option in command.params]
        lines += [""]
    return "\n".join(lines)


def openapi_page() -> str:
    """Return the description of every request on the price port, as `/openapi.json` serves it."""
    absent: Any = None  # A route's description asks nothing of the service behind it.
    operator = operation(absent)
    routers = [
        price_routes(absent, absent, admitted=admission(absent), exchanges=absent, count=absent),
        key_routes(absent),
        busiest_routes(absent, absent, operator=operator),
        key_admin_routes(absent, absent, operator=operator, clock=absent),
        tier_routes(absent, operator=operator),
        trail_routes(absent, operator=operator),
        leak_routes(absent),
        leak_admin_routes(absent, operator=operator),
        health_routes(absent, with_facts=False),
        feed_routes(absent, operator=operator, clock=absent, rest=absent, behind=absent),
        asset_routes(absent, operator=operator),
        console_routes(absent, absent, operator=operator),
        blocklist_routes(absent, operator=operator, clock=absent),
        job_routes(absent, operator=operator),
        insight_routes(absent, operator=operator),
        cluster_routes(absent, operator=operator),
        daily_routes(absent, operator=operator),
        security_routes(absent, operator=operator),
        log_routes(absent, boot=absent, operator=operator),
        board_routes(absent, operator=operator),
        alert_routes(absent, operator=operator),
        stress_routes(absent, operator=operator),
        audit_routes(absent, operator=operator),
        usage_admin_routes(absent, absent, operator=operator),
        reconcile_routes(absent, operator=operator),
        discovery_routes(absent, absent, operator=operator),
        parameter_routes(absent, absent, absent, operator=operator, refused=ADMIN_REFUSALS),
    ]
    return _described(routers, "LPO", "Trinity Beast prices", "Real-time crypto prices, each with its source and its true age.")


def openapi_reports_page() -> str:
    """Return the description of every request on the report port, as `/openapi.json` serves it there."""
    absent: Any = None
    routers = [
        report_routes(absent, absent),
        report_admin_routes(absent, operator=operation(absent)),
        health_routes(absent, with_facts=False),
    ]
    return _described(routers, "LRS", "Trinity Beast reports", "Real-time crypto prices, each with its source and its true age.")


def _described(routers: Sequence[Router], service: str, title: str, about: str) -> str:
    absent: Any = None
    app = build_app(
        routers,
        title=title,
        about=about,
        links=(),
        identity=Identity(service=service, node="", region="", version="1"),
        words=content,
        clock=SystemClock(),
        request_ids=absent,
    )
    return json.dumps(description(app.api), indent=1, sort_keys=True) + "\n"


def _verbs(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Walk the verbs; `command` is one of typer's, whose classes it keeps to itself."""
    groups = getattr(command, "commands", None)
    if groups is None:
        yield words, command
        return
    for name, inner in sorted(groups.items()):
        yield from _verbs(f"{words} {name}", inner)


def _option_line(option: Any) -> str:
    names = option.opts if option.param_type_name == "option" else [option.metavar or option.name.upper()]
    return f"- {', '.join(f'`{name}`' for name in names)}: {' '.join((option.help or '').split())}"


def _heirs(refusal: type[TrinityError]) -> Iterator[type[TrinityError]]:
    for heir in refusal.__subclasses__():
        if heir.__module__.startswith("trinity_beast"):
            yield heir
        yield from _heirs(heir)


def _shown(value: object) -> str:
    return "" if value is None else f"`{value}`"


def _present(name: str) -> str | None:
    path = REFERENCE / name
    return path.read_text(encoding="utf-8") if path.exists() else None


PAGES: dict[str, Callable[[], str]] = {
    "refusals.md": refusals_page,
    "parameters.md": parameters_page,
    "metrics.md": metrics_page,
    "profiles.md": profiles_page,
    "commands.md": commands_page,
    "openapi.json": openapi_page,
    "openapi-reports.json": openapi_reports_page,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
