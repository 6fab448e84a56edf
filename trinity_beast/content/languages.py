"""Which language a caller is answered in. The engine reads `Accept-Language` by the same rules for what it answers itself."""

import re
from collections.abc import Collection, Iterator

WISHES_MAX = 32
_WISH = re.compile(r"[ \t]*(?P<tag>[^;\s]+)[ \t]*(?:;[ \t]*[qQ]=(?P<weight>0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?", re.ASCII)


def language_of(accept_language: str | None, offered: Collection[str], *, default: str = "en") -> str:
    """Return the offered language the caller likes best, or `default`.

    `pt-BR` is content with `pt`, and `pt` with any `pt-…`; `*` with the default; a weight of 0 refuses a language. What
    cannot be read is skipped. Source: RFC 9110 §12.5.4, lookup of RFC 4647 §3.4.
    """
    accepted = accept_language if accept_language and accept_language.isascii() else ""
    wishes = [wish for part in accepted.split(",")[:WISHES_MAX] for wish in _wishes(part)]
    refused = {tag for tag, weight in wishes if weight == 0}
    for tag, weight in sorted(wishes, key=lambda wish: -wish[1]):
        if weight == 0:
            break
        if tag == "*" and default not in refused:
            return default
        found = _serving(tag, offered)
        if found is not None and found.lower() not in refused:
            return found
    return default


def _serving(tag: str, offered: Collection[str]) -> str | None:
    wanted = {language.lower(): language for language in offered}
    if found := next((wanted[wider] for wider in _widened(tag) if wider in wanted), None):
        return found
    return next((language for language in offered if "-" in language and language.lower().partition("-")[0] == tag), None)


def _widened(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def _wishes(part: str) -> Iterator[tuple[str, float]]:
    if wish := _WISH.fullmatch(part):
        yield wish["tag"].lower(), float(wish["weight"] or 1)
