"""The code as data: what the rules of this folder read, and what they answer with."""

import ast
import functools
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
BUILT = {
    ".git",
    ".venv",
    "target",
    "data",
    "dist",
    "artifacts",
    "__pycache__",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
}
WRITTEN = {".py", ".pyi", ".rs", ".md", ".toml", ".sh", ".ini", ".cfg", ".html", ".c", ".json", ".lock", ""}


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the house is not as agreed, and the sentence for whoever broke it."""

    path: PurePosixPath
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, in full, as it stands in the file."""

    module: str
    names: tuple[str, ...]
    line: int
    inside_function: bool


@dataclass(frozen=True)
class SourceFile:
    """One text file of the tree, by its path from the root."""

    path: PurePosixPath
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file."""
        return ast.parse(self.text, filename=str(self.path))

    @functools.cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import of a Python file, relative ones written out."""
        return tuple(_imports(self))

    @property
    def is_python(self) -> bool:
        """Whether this is a Python module."""
        return self.path.suffix == ".py"

    @property
    def package(self) -> str:
        """The folder below trinity_beast that owns this file, the file's own name for those at the top, "" elsewhere."""
        parts = self.path.parts
        if parts[0] != "trinity_beast" or len(parts) < 2:
            return ""
        return parts[1] if len(parts) > 2 else self.path.stem

    def found(self, line: int, sentence: str) -> Finding:
        """Return a finding in this file."""
        return Finding(self.path, line, sentence)


Rule = Callable[[Sequence[SourceFile]], list[Finding]]


def source(path: str, text: str) -> SourceFile:
    """Return a file that is only thought of, for the rules' own tests."""
    return SourceFile(PurePosixPath(path), text)


@functools.cache
def checkout() -> tuple[SourceFile, ...]:
    """Return every text file of this checkout that people write."""
    files = tuple(_walk(ROOT))
    gc.disable()  # Some million nodes are made, none of them in vain: looking for waste meanwhile takes longer than reading.
    try:
        for file in files:
            if file.is_python:
                _ = file.tree
        gc.freeze()
    finally:
        gc.enable()
    return files


def product(files: Iterable[SourceFile]) -> list[SourceFile]:
    """Return the Python modules of the product."""
    return [file for file in files if file.is_python and file.path.parts[0] == "trinity_beast"]


def tests(files: Iterable[SourceFile]) -> list[SourceFile]:
    """Return the Python modules of the tests."""
    return [file for file in files if file.is_python and file.path.parts[0] == "tests"]


def _walk(folder: Path) -> Iterator[SourceFile]:
    for path in sorted(folder.iterdir()):
        if path.name in BUILT or path.is_symlink():
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.suffix in WRITTEN:
            try:
                yield SourceFile(PurePosixPath(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
            except UnicodeDecodeError:
                continue  # Bytes on purpose, such as a fuzzer's input.


def _imports(file: SourceFile) -> Iterator[Import]:
    for node, is_inside in _statements(file.tree.body, is_inside=False):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), node.lineno, is_inside)
        elif isinstance(node, ast.ImportFrom):
            module, names = _written_out(file.path, node.level, node.module), tuple(alias.name for alias in node.names)
            if module == "trinity_beast":  # `from trinity_beast import engine` reaches the engine, not the empty top.
                yield from (Import(f"{module}.{name}", (), node.lineno, is_inside) for name in names)
            else:
                yield Import(module, names, node.lineno, is_inside)


def _statements(body: Iterable[ast.AST], *, is_inside: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Return every statement, and whether it stands in a function. Imports are statements, so no expression is looked into."""
    for node in body:
        yield node, is_inside
        deeper = is_inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        blocks = (value for _, value in ast.iter_fields(node) if isinstance(value, list))
        for block in blocks:
            held = [each for each in block if isinstance(each, ast.stmt | ast.excepthandler | ast.match_case)]
            yield from _statements(held, is_inside=deeper)


def _written_out(path: PurePosixPath, level: int, module: str | None) -> str:
    if level == 0:
        return module or ""
    here = path.parent.parts[: len(path.parent.parts) - level + 1]
    return ".".join([*here, module] if module else here)
