"""Asking a running node from another process, such as a command: one request, its envelope read."""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from trinity_beast.web.errors import NodeNotReached

ANSWER_WITHIN_SECONDS = 60.0
"""Longer than any request may take at the node, so that it is the node who says why."""
ANSWER_BYTES_MAX = 64 * 1_048_576
PART_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Granted:
    """What a node answered with."""

    data: Any


@dataclass(frozen=True, slots=True)
class Turned:
    """What a node refused with, in its own words."""

    status: int
    code: str
    title: str
    message: str
    errors: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer that is being read: its headers, and its body part by part."""

    headers: Mapping[str, str]
    parts: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class KnownNode:
    """Where a node answers, and the key to ask it with, mostly the admin key; it is shown nowhere."""

    url: str
    admin_key: str = field(repr=False)
    operator: str = ""

    def get(self, path: str, **query: object) -> Granted | Turned:
        """Ask for something. What is None in `query` is left out.

        Raises:
            NodeNotReached: nobody answers there, or not as a node does.
        """
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{path}?{urlencode(given)}" if given else path, None)

    @contextmanager
    def opened(self, path: str, **query: object) -> Iterator[Opened | Turned]:
        """Ask for something long, for the length of a block; it is read as it comes. What is None in `query` is left out.

        Raises:
            NodeNotReached: nobody answers there, or it breaks off.
        """
        given = {name: value for name, value in query.items() if value is not None}
        connection = self._connection()
        try:
            headers = {"Accept-Encoding": "identity", "Connection": "close"}
            connection.request("GET", f"{path}?{urlencode(given)}" if given else path, None, self._signed(headers))
            answer = connection.getresponse()
            if answer.status == HTTPStatus.OK:
                yield Opened(dict(answer.getheaders()), _parts(answer))
            else:
                told = _read(self.url, answer.status, json.loads(answer.read(ANSWER_BYTES_MAX)))
                assert isinstance(told, Turned), "what is granted has the status 200"
                yield told
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NodeNotReached(reason=f"{self.url}: {error}") from error
        finally:
            connection.close()

    def post(self, path: str, body: Mapping[str, object]) -> Granted | Turned:
        """Have something done. What is None in `body` is left out.

        Raises:
            NodeNotReached: nobody answers there, or not as a node does.
        """
        return self._ask("POST", path, json.dumps({name: value for name, value in body.items() if value is not None}))

    def _ask(self, method: str, path: str, body: str | None) -> Granted | Turned:
        headers = self._signed({"Content-Type": "application/json", "Connection": "close"})
        try:
            connection = self._connection()
            try:
                connection.request(method, path, body.encode() if body is not None else None, headers)
                answer = connection.getresponse()
                envelope = json.loads(answer.read(ANSWER_BYTES_MAX))
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NodeNotReached(reason=f"{self.url}: {error}") from error
        return _read(self.url, answer.status, envelope)

    def _signed(self, headers: Mapping[str, str]) -> dict[str, str | bytes]:
        name = "".join(character for character in self.operator if character.isprintable())
        signed: dict[str, str | bytes] = {**headers, "X-Operator": name.encode()}
        if self.admin_key:
            signed["Authorization"] = f"Bearer {self.admin_key}"
        return signed

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise NodeNotReached(reason=f"{self.url} is no address such as http://127.0.0.1:8080")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname, parts.port, timeout=ANSWER_WITHIN_SECONDS)


def _parts(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Go through a body. One that breaks off raises, for what came of it is not the whole."""
    while part := answer.read1(PART_BYTES):
        yield part


def _read(url: str, status: int, envelope: object) -> Granted | Turned:
    match envelope:
        case {"success": True, "data": data}:
            return Granted(data)
        case {"success": False, "code": str(code), "title": str(title), "message": str(message), "errors": list(errors)}:
            return Turned(status, code, title, message, errors)
    raise NodeNotReached(reason=f"{url} answers, but not as a node of ours")
