"""Time, randomness and the environment are read in one file each, and nothing is imported where it cannot be seen."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from tests.architecture.source import Finding, SourceFile, product

OWNERS = {
    "time": ("clock.py", "a Clock, handed in through the constructor, tells the time; only clock.py reads it."),
    "random": ("randomness.py", "a random.Random or a SecretSource is handed in; only randomness.py draws by itself."),
    "environment": ("settings.py", "settings.py reads the environment, once; take the plain value through the constructor."),
}
FORBIDDEN = {
    "time.*": "time",
    "datetime.datetime.now": "time",
    "datetime.datetime.utcnow": "time",
    "datetime.datetime.today": "time",
    "datetime.date.today": "time",
    "asyncio.sleep": "time",
    "random.*": "random",
    "secrets.*": "random",
    "uuid.uuid1": "random",
    "uuid.uuid4": "random",
    "os.urandom": "random",
    "os.getrandom": "random",
    "os.environ": "environment",
    "os.environb": "environment",
    "os.getenv": "environment",
}
# Names that are types or pure reckoning, whatever module they stand in.
HARMLESS = {"random.Random", "time.struct_time"}


def hidden_reading_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return every reading of time, randomness or the environment outside the file that owns it."""
    return [finding for file in product(files) for finding in _readings(file)]


def hidden_import_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return every import inside a function and every TYPE_CHECKING guard."""
    findings = []
    for file in product(files):
        findings += [
            file.found(
                imported.line, "an import stands at the top, where the arrows can be seen; a ring of imports wants a noun of its own."
            )
            for imported in file.imports
            if imported.inside_function
        ]
        findings += [
            file.found(node.lineno, "what is imported for its type is imported; TYPE_CHECKING hides an arrow from the reader.")
            for node in ast.walk(file.tree)
            if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).split(".")[-1] == "TYPE_CHECKING"
        ]
    return findings


def _readings(file: SourceFile) -> Iterator[Finding]:
    names = _bound_names(file.tree)
    inside = PurePosixPath(*file.path.parts[1:])
    for node in ast.walk(file.tree):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        what = _kind(_full_name(node, names))
        if what is None:
            continue
        owner, sentence = OWNERS[what]
        if inside != PurePosixPath(owner) and not _is_yield_to_others(node, file.tree):
            yield file.found(node.lineno, sentence)


def _kind(name: str) -> str | None:
    if name in HARMLESS:
        return None
    return FORBIDDEN.get(name) or FORBIDDEN.get(name.split(".", maxsplit=1)[0] + ".*" if "." in name else "")


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    """Return the dotted name a node means, imports followed; "" when it means a local thing."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        owner = _full_name(node.value, names)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _bound_names(tree: ast.Module) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _is_yield_to_others(node: ast.expr, tree: ast.Module) -> bool:
    """Whether `node` is the name in `asyncio.sleep(0)`, which gives way to other tasks and waits for no time."""
    return any(
        isinstance(call, ast.Call) and call.func is node and [ast.unparse(argument) for argument in call.args] == ["0"]
        for call in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "sleep"
    )
