"""How tests are written: nothing of ours is patched, nothing sleeps, nothing is switched off."""

import ast
from collections.abc import Iterator, Sequence

from tests.architecture.source import Finding, SourceFile, tests

PATCHING = "a test that patches tests the patch: hand the part a fake, a ManualClock or its lab stand-in through the constructor."
SLEEPING = "a test that sleeps is slow and still guesses: advance the clock, or wait for the event itself with a timeout."
SWITCHED_OFF = "a test that is switched off protects nothing: mend it, or delete it and say why in the commit."

# Put together here, so that this file does not find itself.
PATCHERS = {f"monkey{'patch'}", "mocker"}
SWITCHES = {f"pytest.mark.{switch}" for switch in ("skip", "xfail")}


def trial_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return every patch, sleep and switched-off test."""
    return [file.found(line, sentence) for file in tests(files) for line, sentence in _against(file)]


def _against(file: SourceFile) -> Iterator[tuple[int, str]]:
    for imported in file.imports:
        if imported.module.startswith("unittest.mock") or "mock" in imported.names:
            yield imported.line, PATCHING
    for node in ast.walk(file.tree):
        if isinstance(node, ast.arg) and node.arg in PATCHERS:
            yield node.lineno, PATCHING
        elif isinstance(node, ast.Call):
            called, first = ast.unparse(node.func), ast.unparse(node.args[0]) if node.args else ""
            if called.split(".")[-1] == "sleep" and called.split(".")[0] in {"time", "asyncio", "sleep"} and first != "0":
                yield node.lineno, SLEEPING
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in SWITCHES:
            yield node.lineno, SWITCHED_OFF
