"""The key a caller sent, wherever it was put."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

_BEARER = "bearer "
_READS = frozenset(["GET", "HEAD"])


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secret a caller sent, if any, and how: in the URL or not, from which address and page, to read or to change."""

    secret: str | None = field(repr=False)
    in_url: bool = False
    address: str | None = None
    origin: str | None = None
    is_read: bool = True


async def credentials_of(request: Request) -> Credentials:
    """Return the caller's key: `Authorization: Bearer`, else `X-API-Key`, else `key` in the URL."""
    # A coroutine though it waits for nothing: FastAPI runs plain functions in a thread, and a thread costs more than all of this.
    secret, in_url = _secret_of(request)
    return Credentials(
        secret,
        in_url,
        address=request.client.host if request.client else None,
        origin=request.headers.get("origin"),
        is_read=request.method in _READS,
    )


def _secret_of(request: Request) -> tuple[str | None, bool]:
    """Return the secret and whether it stood in the URL."""
    authorization = request.headers.get("authorization", "")
    if authorization.lower().startswith(_BEARER):
        return authorization[len(_BEARER) :].strip() or None, False
    if header := request.headers.get("x-api-key", "").strip():
        return header, False
    in_url = request.query_params.get("key", "").strip()
    return in_url or None, bool(in_url)


Caller = Annotated[Credentials, Depends(credentials_of)]
"""What a route declares to receive the caller's key."""
