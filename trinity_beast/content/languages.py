"""Which language a caller is answered in."""

from collections.abc import Collection, Iterator


def language_of(accept_language: str | None, offered: Collection[str], *, default: str = "en") -> str:
    """Return the offered language the caller likes best, or `default`.

    `pt-BR` is content with `pt`; `*` with the default; a weight of 0 refuses a language. What cannot be read is skipped.
    Source: RFC 9110 §12.5.4, lookup of RFC 4647 §3.4.
    """
    wishes = [_wish(part) for part in (accept_language or "").split(",")[:32]]
    refused = {tag for tag, weight in wishes if weight == 0}
    for tag, weight in sorted(wishes, key=lambda wish: -wish[1]):
        if weight == 0:
            break
        if tag == "*" and default not in refused:
            return default
        if found := next((wider for wider in _widened(tag) if wider in offered and wider not in refused), None):
            return found
    return default


def _widened(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def _wish(part: str) -> tuple[str, float]:
    tag, _, options = part.partition(";")
    name, _, text = options.strip().partition("=")
    if name.strip() != "q":
        return tag.strip().lower(), 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    return tag.strip().lower(), weight if 0.0 <= weight <= 1.0 else 0.0
