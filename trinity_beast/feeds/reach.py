"""Whether a venue can be reached from here at all."""

import asyncio
import ssl
from collections.abc import Iterable
from urllib.parse import urlsplit

PORTS = {"wss": 443, "ws": 80}


async def any_reached(endpoints: Iterable[str], *, seconds: float) -> bool:
    """Return whether at least one of the WebSocket addresses takes a connection, secured where its scheme says so.

    Ends at the first that does, once all have failed, or after `seconds` (of real time).
    """
    context = ssl.create_default_context()
    attempts = [asyncio.create_task(_reached(endpoint, context)) for endpoint in endpoints]
    try:
        async with asyncio.timeout(seconds):
            for attempt in asyncio.as_completed(attempts):
                if await attempt:
                    return True
    except TimeoutError:
        return False
    finally:
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
    return False


async def _reached(endpoint: str, context: ssl.SSLContext) -> bool:
    parts = urlsplit(endpoint)
    secured = context if parts.scheme == "wss" else None
    try:
        _reader, writer = await asyncio.open_connection(parts.hostname, parts.port or PORTS[parts.scheme], ssl=secured)
    except OSError:
        return False
    writer.close()
    return True
