"""A node that serves all there is to ask: prices of the lab, reports, a database, a shared cache, operators."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec

from tests.openapi.described import SERVICES
from tests.readme.product import Product, running
from tests.support.processes import wait_until
from trinity_beast.web import Example

ADMIN_KEY = "the admin key of a node that is described"
OPERATOR = "Ada"
PATIENT = {"admin_tries_max": "10000", "failed_keys_max": "1000000"}
"""What else would turn a caller away who tries everything that is wrong."""


@dataclass(frozen=True)
class DescribedNode:
    """The node, a key of its own that nothing binds, and one connection after the other to it."""

    product: Product
    client: httpx.Client
    database_url: str
    secret: str = ""

    def url(self, service: str) -> str:
        return f"http://{self.product.ready['addresses'][SERVICES[service][1]]}"

    def ask(
        self, service: str, method: str, path: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        return self.client.request(method, self.url(service) + path, headers=dict(headers or {}), content=content)

    def ask_example(self, service: str, example: Example, **more: str) -> httpx.Response:
        """Ask as an example says, as whoever may."""
        method, path, headers, content = request_of(example)
        return self.ask(service, method, path, headers={**self.credentials(path), **headers, **more}, content=content)

    def credentials(self, path: str) -> dict[str, str]:
        if path.startswith("/admin/"):
            return {"Authorization": f"Bearer {ADMIN_KEY}", "X-Operator": OPERATOR}
        return {"X-API-Key": self.secret}


def request_of(example: Example) -> tuple[str, str, dict[str, str], bytes | None]:
    """Return an example's method, address, headers and body."""
    method, _, path = example.operation.partition(" ")
    for name, value in example.path.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    if example.query:
        told = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in example.query.items()}
        path = f"{path}?{urlencode(told, doseq=True)}"
    headers = dict(example.headers)
    if example.body is msgspec.UNSET:
        return method, path, headers, None
    return method, path, {"Content-Type": "application/json", **headers}, body_of(example)


def body_of(example: Example) -> bytes:
    """Return the bytes of a body: always the same, for some are signed."""
    return json.dumps(example.body, separators=(",", ":"), ensure_ascii=False).encode()


def told(answer: httpx.Response) -> dict[str, Any]:
    """Return the object an answer is; an empty one where it is none."""
    found = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    return found if isinstance(found, dict) else {}


@contextmanager
def described_node(folder: Path, database_url: str, cache_url: str, **parameters: str) -> Iterator[DescribedNode]:
    """Run the node until the end of the block."""
    turned = " ".join(f"{name}={value}" for name, value in {**PATIENT, **parameters}.items())
    shared = {"DATABASE_URL": database_url, "CACHE_URL": cache_url, "BEAST_SERVER_SECRET": "6f" * 32, "ADMIN_KEY": ADMIN_KEY}
    with (
        running(folder, "--feeds", "lab", **shared, BEAST_ENGINE_THREADS="1", BEAST_PARAMETERS=turned) as product,
        httpx.Client(timeout=30.0, trust_env=False) as client,
    ):
        stranger = DescribedNode(product, client, database_url)
        body = json.dumps({"tier": "partner", "name": "examples"}).encode()
        headers = {**stranger.credentials("/admin/"), "Content-Type": "application/json"}
        issued = stranger.ask("LPO", "POST", "/admin/keys/issue", headers=headers, content=body)
        node = DescribedNode(product, client, database_url, str(told(issued)["data"]["secret"]))
        wait_until(lambda: node.ask("LPO", "GET", "/price?asset=BTC", headers=node.credentials("/")).status_code == 200, "a price")
        wait_until(lambda: node.ask("LPO", "GET", "/price?asset=ETH", headers=node.credentials("/")).status_code == 200, "a price")
        yield node
