"""One service of AWS: its connection, each call with a bound on its time and made once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from trinity_beast.storage import DependencyAway

CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
CONNECTIONS_MAX = 32
REASON_CHARACTERS = 200


class AwsService:
    """Connects at the first call; `close` ends it. `part` is what a fault of it is told as.

    Every call is made once: who retries, with what pauses and how often, is for the caller to say.
    """

    def __init__(self, service: str, *, part: str, region: str, endpoint_url: str = "", session: AioSession | None = None) -> None:
        """Speak to a service by the credentials of `session`: by default whichever the machine gives.

        `endpoint_url` is where AWS, or its stand-in, answers; empty, by its region.
        """
        self._service, self._part, self._region, self._endpoint_url = service, part, region, endpoint_url
        self._session = session or get_session()
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def called(self, operation: str, *, seconds: float, **arguments: object) -> dict[str, Any]:
        """Return what an operation answers within `seconds`.

        Raises:
            DependencyAway: whether it was done is not known; the cause is kept.
        """
        async with _named_away(self._part, seconds):
            client = await self._opened()
            call: Callable[..., Awaitable[dict[str, Any]]] = getattr(client, operation)
            return await asyncio.wait_for(call(**arguments), seconds)

    async def close(self) -> None:
        """End the connections."""
        self._client = None
        await self._stack.aclose()

    async def _opened(self) -> Any:
        async with self._opening:
            if self._client is None:
                made = self._session.create_client(
                    self._service,
                    region_name=self._region,
                    endpoint_url=self._endpoint_url or None,
                    config=AioConfig(
                        connect_timeout=CONNECT_SECONDS,
                        read_timeout=READ_SECONDS,
                        max_pool_connections=CONNECTIONS_MAX,
                        retries={"total_max_attempts": 1},
                    ),
                )
                self._client = await self._stack.enter_async_context(made)
        return self._client


@asynccontextmanager
async def _named_away(part: str, seconds: float) -> AsyncIterator[None]:
    """Turn every fault of the other side, and every way not to reach it, into ours.

    A service that is not there or not ours to use is away like the others: it may be mended while we run.
    """
    try:
        yield
    except TimeoutError as error:
        raise DependencyAway(part=part, reason=f"no answer within {seconds:g} s") from error
    except ClientError as error:
        told = error.response.get("Error", {})
        raise DependencyAway(part=part, reason=_short(f"{told.get('Code', '')}: {told.get('Message', '')}")) from error
    except (BotoCoreError, ResponseParserError, OSError) as error:
        raise DependencyAway(part=part, reason=_short(str(error) or type(error).__name__)) from error


def _short(reason: str) -> str:
    return (reason.splitlines() or ["?"])[0][:REASON_CHARACTERS]
