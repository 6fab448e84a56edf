"""What may not stand in any file: banners, notes to oneself, secrets, and the place it was written in."""

import io
import re
import tokenize
from collections.abc import Iterator, Sequence

from tests.architecture.source import Finding, SourceFile
from trinity_beast.access import kind_of

BANNER = re.compile(r"^\W*[-=~*#_]{6,}|[-=~*#_]{6,}\W*$")
NOTE = re.compile(r"\b(?:TODO|FIXME|HACK|XXX)\b")
LINE_COMMENT = {".rs": "//", ".toml": "#", ".sh": "#", "": "#"}

# What a real secret looks like, each by its shape; ours by its checksum as well, so that a made-up one may stand in a test.
OUR_KEY = re.compile(r"\btb_[a-z]+_[0-9A-Za-z]{38}\b")
SECRETS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Stripe key": re.compile(r"\b(?:sk|rk|whsec)_(?:live_|test_)?[0-9A-Za-z]{24,}\b"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[0-9A-Za-z]{36}\b"),
    "a password in an address": re.compile(r"\b[a-z+]+://[^\s:/@]+:(?=[^@]*\d)(?=[^@]*[a-z])[^\s:/@{}$<*]{8,}@"),
}
OUR_OWN_PLACE = re.compile(r"(?<![\w.])/(?:home|Users|work)/[a-z]\w*")


def comment_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return every banner and every note to oneself."""
    findings = []
    for file in files:
        for line, comment in _comments(file):
            if BANNER.search(comment):
                findings.append(file.found(line, "a banner is a file wanting to exist; make the file."))
            if NOTE.search(comment):
                findings.append(file.found(line, "mend it now, or write a whole sentence of what breaks until then."))
    return findings


def secret_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return whatever looks like a secret somebody could use."""
    return [
        file.found(number, f"this looks like {kind}: a secret lives in the environment or the store, never in the tree.")
        for file in files
        if file.path.suffix != ".lock"
        for number, line in enumerate(file.text.splitlines(), 1)
        for kind in _secrets_in(line)
    ]


def place_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return every mention of the folder somebody's checkout happened to lie in."""
    return [
        file.found(number, f"{match[0]} is somebody's own folder; write the path from the root of the checkout.")
        for file in files
        for number, line in enumerate(file.text.splitlines(), 1)
        for match in OUR_OWN_PLACE.finditer(line)
    ]


def _comments(file: SourceFile) -> Iterator[tuple[int, str]]:
    if file.path.suffix in {".py", ".pyi"}:
        for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string.removeprefix("#").strip()
        return
    mark = LINE_COMMENT.get(file.path.suffix)
    if mark is None:
        return
    for number, line in enumerate(file.text.splitlines(), 1):
        if line.lstrip().startswith(mark):
            yield number, line.strip().removeprefix(mark).strip()


def _secrets_in(line: str) -> Iterator[str]:
    for match in OUR_KEY.finditer(line):
        if kind_of(match[0]) is not None:
            yield "one of our keys"
    for kind, shape in SECRETS.items():
        if shape.search(line):
            yield kind
