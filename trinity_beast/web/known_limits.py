"""Whose limits an answer tells that no route has let in: those of the key it came with, where that is known here."""

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import parse_qs

KnownLimits = Callable[[str, str], Sequence[tuple[str, str]] | None]
"""Tells the rate-limit fields of a secret and the address it came from, None where there is nothing to tell but those of nobody.

Looks nothing up and spends nothing.
"""

_BEARER = b"bearer "
_QUERY_FIELDS_MAX = 64


def carried(headers: Iterable[tuple[bytes, bytes]], query: bytes = b"") -> str | None:
    """Return the secret a request carries, wherever it stands; None where there is none."""
    found = dict(headers)
    authorization = found.get(b"authorization", b"")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        return authorization[len(_BEARER) :].strip().decode("latin-1") or None
    if header := found.get(b"x-api-key", b"").strip():
        return header.decode("latin-1")
    try:
        fields = parse_qs(query.decode("latin-1"), max_num_fields=_QUERY_FIELDS_MAX)
    except ValueError:
        return None
    return fields.get("key", [""])[0].strip() or None
