"""One connection: uvicorn's protocols, with our bounds, our refusals, and one word when it is over.

These subclass uvicorn's internals, so uvicorn is pinned; `tests/web/test_server.py` holds what we rely on.
"""

from asyncio import Transport
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from trinity_beast.errors import TrinityError
from trinity_beast.web.bounds import ServerBounds
from trinity_beast.web.errors import Overloaded, RequestInvalid, RequestTimeout, RequestTooLarge
from trinity_beast.web.lingering import LingeringTransport
from trinity_beast.web.patience import Patience

_HEADER_TOO_LARGE = 431


class Refuse(Protocol):
    """Writes a whole HTTP answer that closes the connection, for what never becomes a request."""

    def __call__(self, error: TrinityError, *, status: int | None = None) -> bytes:
        """Return the bytes to send. `status` is that of the error unless given."""
        ...


class Host(Protocol):
    """What a connection needs of its server."""

    config: Config
    state: ServerState
    bounds: ServerBounds
    refuse: Refuse

    @property
    def is_blocked(self) -> Callable[[str], bool]:
        """Whose address is cut off."""
        ...

    def refresh_date(self) -> None:
        """Set the Date header of the answers that start now."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """How a connection came: already partly read and for one answer (handed), or fresh from a listener."""

    ended: Callable[[], None]
    first_bytes: bytes = b""
    peer: tuple[str, int] | None = None
    is_handed: bool = False


class HttpConnection(HttpToolsProtocol):
    """An HTTP/1.1 connection. It ends by itself, or becomes a WebSocketConnection."""

    def __init__(self, host: Host, origin: Origin) -> None:
        super().__init__(host.config, host.state, {})
        self._host, self._origin, self._bounds = host, origin, host.bounds
        self._header_bytes = 0
        self._is_in_header = True
        self._dropped_bytes: int | None = None
        self._header_patience = Patience(self.loop, self._bounds.header_seconds, self._header_late)
        self._unsent_patience = Patience(self.loop, self._bounds.unsent_seconds, self._cut)
        self._linger_patience = Patience(self.loop, self._bounds.linger_seconds, self._cut)
        self.ws_protocol_class = self._upgraded  # type: ignore[assignment]  # A class by its use: called once, with keywords.

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin, with the bytes that were read before us: fed later, the loop's own first read would overtake them."""
        super().connection_made(LingeringTransport(transport, self._close))
        self.client = self._origin.peer or self.client
        self._connection = transport
        if self._is_blocked():
            self._cut()
            return
        if len(self.connections) > self._bounds.connections_max:
            self._refuse(Overloaded(retry_after_seconds=1))
            return
        self._header_patience.start()
        if self._origin.first_bytes:
            self.data_received(self._origin.first_bytes)

    def data_received(self, data: bytes) -> None:
        """Read on, within the bounds of a header; after the answer, drop what still comes."""
        if self._is_blocked():
            self._cut()
            return
        if self._dropped_bytes is not None:
            self._dropped_bytes += len(data)
            if self._dropped_bytes > self._bounds.linger_bytes_max:
                self._cut()
            return
        if self.transport.is_closing():
            return
        was_in_header = self._is_in_header
        super().data_received(data)
        self._header_bytes += len(data) if was_in_header else 0
        if self._is_in_header and self._header_bytes > self._bounds.header_bytes_max and not self.transport.is_closing():
            self._refuse(RequestTooLarge(bytes_max=self._bounds.header_bytes_max), status=_HEADER_TOO_LARGE)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep our half open where a whole request still waits for its answer; otherwise the caller is gone."""
        cycle = self._newest
        if cycle is None or cycle.more_body or cycle.response_started or self._dropped_bytes is not None:
            return None
        cycle.keep_alive = False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """End; the server is told once."""
        for patience in (self._header_patience, self._unsent_patience, self._linger_patience):
            patience.stop()
        super().connection_lost(exc)
        self._origin.ended()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._header_bytes, self._is_in_header = 0, True
        self._header_patience.start()

    def on_headers_complete(self) -> None:
        """Hand the request to the app; a handed connection answers this one and closes."""
        self._is_in_header = False
        self._header_patience.stop()
        self._host.refresh_date()
        super().on_headers_complete()
        if self._origin.is_handed and (cycle := self._newest):
            cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, in our own shape."""
        self._refuse(RequestInvalid(reason=msg.rstrip(".").lower()))

    def pause_writing(self) -> None:
        """Wait for a caller that does not read, but not for ever."""
        super().pause_writing()
        self._unsent_patience.start()

    def resume_writing(self) -> None:
        """Go on: the caller reads again."""
        super().resume_writing()
        self._unsent_patience.stop()

    @property
    def _newest(self) -> RequestResponseCycle | None:
        return self.cycle  # None before the first request, whatever uvicorn's annotation says.

    def _is_blocked(self) -> bool:
        return self.client is not None and self._host.is_blocked(self.client[0])

    def _upgraded(self, config: Config, server_state: ServerState, app_state: dict[str, object]) -> "WebSocketConnection":
        self._header_patience.stop()
        return WebSocketConnection(config, server_state, app_state, self._origin, self._bounds)

    def _refuse(self, error: TrinityError, *, status: int | None = None) -> None:
        self._is_in_header = False
        self._header_patience.stop()
        self.transport.write(self._host.refuse(error, status=status))
        self._dropped_bytes = 0
        self.transport.close()

    def _header_late(self) -> None:
        if self._header_bytes:
            self._refuse(RequestTimeout(seconds=self._bounds.header_seconds))
        else:
            self.transport.close()

    def _close(self) -> None:
        # What the caller has not finished sending, or sent after this request, would be answered with a reset.
        cycle = self._newest
        is_unread = self._dropped_bytes is not None or bool(self.pipeline) or (cycle is not None and cycle.more_body)
        if not is_unread or self._connection.is_closing():
            self._connection.close()
            return
        self._dropped_bytes = 0
        self.flow.resume_reading()
        self._connection.write_eof()
        self._linger_patience.start()

    def _cut(self) -> None:
        self._connection.abort()


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket that began as an HTTP connection; it lives until either side ends it."""

    def __init__(self, config: Config, state: ServerState, app_state: dict[str, object], origin: Origin, bounds: ServerBounds) -> None:
        super().__init__(config, state, app_state)
        self._origin = origin
        self._unsent_patience = Patience(self.loop, bounds.unsent_seconds, self._cut)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self.client = self._origin.peer or self.client

    def connection_lost(self, exc: Exception | None) -> None:
        """End; the server is told once."""
        self._unsent_patience.stop()
        super().connection_lost(exc)
        self._origin.ended()

    def pause_writing(self) -> None:
        """Wait for a caller that does not read, but not for ever."""
        super().pause_writing()
        self._unsent_patience.start()

    def resume_writing(self) -> None:
        """Go on: the caller reads again."""
        super().resume_writing()
        self._unsent_patience.stop()

    def _cut(self) -> None:
        self.transport.abort()
