"""Taking SQL apart as far as a console must: where one statement ends, and with which word it begins.

This is for refusing in good words. What a statement may do is decided by the role it runs as, never here.
"""

import re
from collections.abc import Sequence

from trinity_beast.ops.consoles.errors import SqlVerbRefused

READING = ("SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN")
WRITING = (*READING, "INSERT", "UPDATE", "DELETE", "MERGE")
BUILDING = (*WRITING, "CREATE", "ALTER", "DROP", "COMMENT", "TRUNCATE", "REFRESH", "ANALYZE")

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|--[^\n]*)
  | (?P<comment>/\*)
  | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
  | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
  | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
  | (?P<end>;)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_INSIDE_COMMENT = re.compile(r"/\*|\*/")


def statements_of(text: str) -> list[str]:
    """Return the statements of a text, without the semicolons between them; what is nothing but comments is none."""
    found: list[str] = []
    begin = at = 0
    holds_something = False
    while at < len(text):
        kind, end = _next(text, at)
        if kind == "end":
            if holds_something:
                found.append(text[begin:at].strip())
            begin, holds_something = end, False
        elif kind != "blank":
            holds_something = True
        at = end
    if holds_something:
        found.append(text[begin:].strip())
    return found


def verb_of(statement: str) -> str:
    """Return the word a statement begins with, in capitals, past comments and brackets; empty where it begins with none."""
    at = 0
    while at < len(statement):
        kind, end = _next(statement, at)
        if kind == "word":
            return statement[at:end].upper()
        if kind != "blank" and statement[at:end] != "(":
            return ""
        at = end
    return ""


def expect_verb(statement: str, allowed: Sequence[str], instead: str) -> None:
    """Refuse a statement that begins with another word than `allowed`. `instead` says where else it could go.

    Raises:
        SqlVerbRefused: it begins with another.
    """
    verb = verb_of(statement)
    if verb not in allowed:
        raise SqlVerbRefused(verb=verb or "?", allowed=allowed, instead=instead)


def _next(text: str, at: int) -> tuple[str, int]:
    """Return the kind of what begins at `at` and where it ends; what is begun and never ended goes to the end."""
    match = _TOKEN.match(text, at)
    assert match is not None, "something begins everywhere, if only one character"
    kind = match.lastgroup or ""
    if kind == "comment":
        return "blank", _comment_end(text, match.end())
    if kind == "dollar":
        closing = text.find(match.group(), match.end())
        return "quoted", len(text) if closing < 0 else closing + len(match.group())
    if kind == "other" and match.group() in "'\"":
        return "quoted", len(text)
    return kind, match.end()


def _comment_end(text: str, at: int) -> int:
    """Return where a comment ends that has begun; in PostgreSQL one may hold others."""
    depth = 1
    while depth:
        match = _INSIDE_COMMENT.search(text, at)
        if match is None:
            return len(text)
        depth += 1 if match.group() == "/*" else -1
        at = match.end()
    return at
