"""Asking a running node from another process, such as a command: one request, its envelope read."""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from trinity_beast.web.errors import NodeNotReached

ANSWER_WITHIN_SECONDS = 60.0
"""Longer than any request may take at the node, so that it is the node who says why."""
ANSWER_BYTES_MAX = 64 * 1_048_576


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
class KnownNode:
    """Where a node answers, and the admin key to ask it with; the key is shown nowhere."""

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

    def post(self, path: str, body: Mapping[str, object]) -> Granted | Turned:
        """Have something done. What is None in `body` is left out.

        Raises:
            NodeNotReached: nobody answers there, or not as a node does.
        """
        return self._ask("POST", path, json.dumps({name: value for name, value in body.items() if value is not None}))

    def _ask(self, method: str, path: str, body: str | None) -> Granted | Turned:
        name = "".join(character for character in self.operator if character.isprintable())
        headers: dict[str, str | bytes] = {"Content-Type": "application/json", "Connection": "close", "X-Operator": name.encode()}
        if self.admin_key:
            headers["Authorization"] = f"Bearer {self.admin_key}"
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

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise NodeNotReached(reason=f"{self.url} is no address such as http://127.0.0.1:8080")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname, parts.port, timeout=ANSWER_WITHIN_SECONDS)


def _read(url: str, status: int, envelope: object) -> Granted | Turned:
    match envelope:
        case {"success": True, "data": data}:
            return Granted(data)
        case {"success": False, "code": str(code), "title": str(title), "message": str(message), "errors": list(errors)}:
            return Turned(status, code, title, message, errors)
    raise NodeNotReached(reason=f"{url} answers, but not as a node of ours")
