"""Asking a node from another process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from tests.web.serving import serving, small_app
from trinity_beast.web import Granted, KnownNode, NodeNotReached, RequestInvalid, Turned


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/echo")
    async def echo(request: Request) -> dict[str, Any]:
        return {
            "query": dict(request.query_params),
            "key": request.headers.get("authorization"),
            "by": request.headers["x-operator"].encode("latin-1").decode(),
        }

    @router.post("/echo")
    async def echo_body(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @router.get("/refused")
    async def refused() -> None:
        raise RequestInvalid(reason="of this and that")

    @router.get("/plain")
    async def plain() -> PlainTextResponse:
        return PlainTextResponse("hello")

    return router


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serving(small_app([routes()])) as port:
        yield f"http://127.0.0.1:{port}"


async def test_a_question_carries_key_and_name_and_leaves_out_what_is_not_given(url: str) -> None:
    node = KnownNode(url, "the key", "Åda\n")
    answer = await asyncio.to_thread(node.get, "/echo", venue="a b&c", cursor=None)
    assert answer == Granted({"query": {"venue": "a b&c"}, "key": "Bearer the key", "by": "Åda"})
    assert await asyncio.to_thread(node.post, "/echo", {"to": None, "venue": "ä"}) == Granted({"venue": "ä"})
    assert "the key" not in repr(node)


async def test_a_refusal_comes_in_the_nodes_own_words(url: str) -> None:
    answer = await asyncio.to_thread(KnownNode(url, "").get, "/refused")
    assert isinstance(answer, Turned)
    assert (answer.status, answer.code, answer.message) == (400, "REQUEST_INVALID", "The request cannot be understood: of this and that.")
    assert answer.errors[0]["fix"]


@pytest.mark.parametrize("path", ["/plain", "/openapi.json"])
async def test_whoever_does_not_answer_as_a_node_is_none(url: str, path: str) -> None:
    with pytest.raises(NodeNotReached):
        await asyncio.to_thread(KnownNode(url, "").get, path)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9", "127.0.0.1:8080", "ftp://here", "http://", "http://127.0.0.1:99999", "http://no such host"]
)
async def test_an_address_nobody_answers_at_is_told(address: str) -> None:
    with pytest.raises(NodeNotReached) as refusal:
        await asyncio.to_thread(KnownNode(address, "secret").get, "/")
    assert "secret" not in str(refusal.value)
