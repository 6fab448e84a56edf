"""Names, sizes and the page at every capability's door."""

import ast
from collections.abc import Sequence

from tests.architecture.arrows import CAPABILITIES, INFRASTRUCTURE
from tests.architecture.source import Finding, SourceFile, product, tests

NO_NOUNS = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
LINES_MAX = {".py": 400, ".rs": 600}
FUNCTION_LINES_MAX = 80


def name_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return every folder and file whose name says nothing of what is in it."""
    return [
        file.found(1, f"{part!r} says nothing of what is in it: a thing shared by two has a noun, and the noun is the file.")
        for file in files
        for part in {*file.path.parent.parts, file.path.stem}
        if part in NO_NOUNS
    ]


def readme_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return the packages without a page that says what they own and promise."""
    pages = {file.path.parent for file in files if file.path.name == "README.md"}
    faces = [file for file in product(files) if file.path.name == "__init__.py" and len(file.path.parts) == 3]
    return [
        file.found(
            1, f"{file.package}/ has no README.md: one page of its nouns, what it owns, what it promises and how each promise fails."
        )
        for file in faces
        if file.package in CAPABILITIES | INFRASTRUCTURE | {"lab", "rehearsal"} and file.path.parent not in pages
    ]


def size_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return the files and functions longer than a reader can hold."""
    findings = [
        file.found(1, f"{lines} lines, more than {LINES_MAX[file.path.suffix]}: there is a noun in here that wants its own file.")
        for file in files
        if (lines := file.text.count("\n")) > LINES_MAX.get(file.path.suffix, lines)
    ]
    for file in [*product(files), *tests(files)]:
        findings += [
            file.found(node.lineno, f"{node.name} has {length} lines, more than {FUNCTION_LINES_MAX}: it hides a noun or a rule; name it.")
            for node in ast.walk(file.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
        ]
    return findings
