"""The key a caller sent, wherever it was put."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secret a caller sent, if any, and whether it stood in the URL, where only demo and URL keys may stand."""

    secret: str | None = field(repr=False)
    in_url: bool = False


async def credentials_of(request: Request) -> Credentials:
    """Return the caller's key: `Authorization: Bearer`, else `X-API-Key`, else `key` in the URL."""
    # A coroutine though it waits for nothing: FastAPI runs plain functions in a thread, and a thread costs more than all of this.
    authorization = request.headers.get("authorization", "")
    if authorization.lower().startswith(_BEARER):
        return Credentials(authorization[len(_BEARER) :].strip() or None)
    if header := request.headers.get("x-api-key", "").strip():
        return Credentials(header)
    in_url = request.query_params.get("key", "").strip()
    return Credentials(in_url or None, in_url=bool(in_url))


Caller = Annotated[Credentials, Depends(credentials_of)]
"""What a route declares to receive the caller's key."""
