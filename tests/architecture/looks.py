"""What operators ask by GET only looks, or its route declares what it changes: the trail of calls leaves looks out."""

import ast
from collections.abc import Iterator, Sequence

from tests.architecture.source import Finding, SourceFile, product

UNDECLARED = "takes who asks, so something is done in their name: declare `dependencies=[changes()]`, or call it `_who` if it only looks."
Handler = ast.FunctionDef | ast.AsyncFunctionDef


def look_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return every route by GET that uses the operator's name and does not declare that it changes something."""
    return [
        file.found(handler.lineno, f"{handler.name} {UNDECLARED}")
        for file in product(files)
        for handler, route in routes_by_get(file)
        if _uses_who(handler) and not _declares(route)
    ]


def routes_by_get(file: SourceFile) -> Iterator[tuple[Handler, ast.Call]]:
    """Return each function that a `….get(…)` stands above."""
    for node in ast.walk(file.tree):
        if isinstance(node, Handler):
            for each in node.decorator_list:
                if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr == "get":
                    yield node, each


def _uses_who(handler: Handler) -> bool:
    return any(each.arg == "who" for each in [*handler.args.args, *handler.args.kwonlyargs])


def _declares(route: ast.Call) -> bool:
    return any(each.arg == "dependencies" and "changes(" in ast.unparse(each.value) for each in route.keywords)
