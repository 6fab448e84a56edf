import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
import pytest
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from tests.web.caller import Heard, Line, ask, get
from tests.web.serving import serving, small_app
from trinity_beast.errors import TrinityError
from trinity_beast.web import Caller, NotFound, Overloaded, RequestBounds, RequestInvalid, Usage, current, refusals

TWELVE = ["success", "service", "code", "message", "data", "errors", "request_id", "timestamp", "latency_us", "node", "region", "version"]
SECRET = "tb_live_SECRET-of-somebody"


class Kettle(TrinityError):
    """A kettle was asked for tea."""

    code, status = "KEY_MISSING", 401


class Order(BaseModel):
    assets: list[str]


class Recorder:
    """Keeps what was recorded, and when."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def record(self, **fields: Any) -> int:
        self.records.append(fields)
        return len(self.records)


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/data", responses=refusals(Overloaded))
    async def data(number: Annotated[int, Query(ge=1, le=9)] = 1) -> dict[str, int]:
        """Answer a number."""
        return {"number": number}

    @router.post("/order")
    async def order(body: Order) -> Order:
        return body

    @router.get("/who")
    async def who(caller: Caller) -> dict[str, object]:
        return {"secret": caller.secret, "in_url": caller.in_url}

    @router.get("/refused")
    async def refused() -> None:
        current().headers.append(("RateLimit", '"burst";r=4;t=1'))
        raise Kettle(location="header.authorization")

    @router.get("/locked", responses=refusals(Kettle))
    async def locked() -> None:
        raise Kettle

    @router.get("/spent")
    async def spent() -> None:
        raise type("Spent", (TrinityError,), {"code": "QUOTA_SPENT", "status": 429})(retry_after_seconds=2_000_000)

    @router.get("/away")
    async def away() -> None:
        raise Overloaded(retry_after_seconds=7.2)

    @router.get("/broken")
    async def broken() -> None:
        raise ValueError(f"a secret {SECRET}")

    @router.get("/for-ever")
    async def for_ever() -> None:
        await asyncio.Event().wait()

    @router.get("/metered")
    async def metered(fails: bool = False) -> dict[str, str]:
        current().usage = Usage(
            key_id=7, asset="BTC", asset_count=1, source="coinbase-ws", venue="coinbase", cache_tier="memory", state="live"
        )
        if fails:
            raise NotFound(path="/metered")
        return {"asset": "BTC"}

    @router.get("/events")
    async def events(pause_seconds: float = 0) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"data: 1\n\n"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), pause_seconds)
            yield b"data: 2\n\n"

        return StreamingResponse(parts(), media_type="text/event-stream")

    return router


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with serving(small_app([routes()], bounds=RequestBounds(body_bytes_max=1_000, request_seconds=0.3))) as port:
        yield port


def problem(heard: Heard, code: str, status: int) -> dict[str, Any]:
    """Return a refusal's body, having seen that it is one in every respect."""
    assert heard.status == status
    assert heard.headers["content-type"] == "application/problem+json"
    assert heard.headers["access-control-allow-origin"] == "*"
    assert heard.headers["content-language"] == "en"
    body: dict[str, Any] = msgspec.json.decode(heard.body)
    assert list(body) == [*TWELVE, "type", "title", "status", "detail"]
    assert (body["success"], body["data"], body["code"], body["status"]) == (False, None, code, status)
    assert body["detail"] == body["message"]
    assert body["type"] == f"/problems/{code}"
    assert body["request_id"] == heard.headers["x-request-id"]
    assert body["errors"]
    for each in body["errors"]:
        assert list(each) == ["location", "code", "message", "fix"]
    return body


async def test_an_answer_has_the_twelve_fields_in_order_and_is_compact(port: int) -> None:
    heard = await ask(port, get("/data?number=3", "Connection: close"))
    body = msgspec.json.decode(heard.body)
    assert heard.status == 200
    assert heard.headers["content-type"] == "application/json"
    assert list(body) == TWELVE
    assert (body["success"], body["code"], body["message"], body["errors"]) == (True, "OK", "", [])
    assert body["data"] == {"number": 3}
    assert (body["service"], body["node"], body["region"], body["version"]) == ("LPO", "BeastMain", "local", "1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", body["timestamp"])
    assert isinstance(body["latency_us"], int)
    assert 0 <= body["latency_us"] < 1_000_000
    assert b'": ' not in heard.body


async def test_every_answer_has_its_id_cors_and_limits(port: int) -> None:
    for path in ("/data", "/nowhere", "/broken", "/refused"):
        heard = await ask(port, get(path, "Connection: close"))
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{12}", heard.headers["x-request-id"]), path
        assert heard.headers["access-control-allow-origin"] == "*", path
        assert "RateLimit" in heard.headers["access-control-expose-headers"], path
        assert heard.headers["ratelimit"], path
        assert heard.headers["cache-control"] == "no-store", path


async def test_a_callers_own_id_is_echoed_where_it_is_harmless(port: int) -> None:
    heard = await ask(port, get("/data", "X-Request-Id: order-7.a_B", "Connection: close"))
    assert heard.headers["x-request-id"] == msgspec.json.decode(heard.body)["request_id"] == "order-7.a_B"
    for bad in ("a b", "x" * 65, 'a"b', "ü"):
        heard = await ask(port, get("/data", f"X-Request-Id: {bad}", "Connection: close"))
        assert len(heard.headers["x-request-id"]) == 12


async def test_a_refusal_is_an_envelope_and_a_problem_in_one(port: int) -> None:
    body = problem(await ask(port, get("/refused", "Connection: close")), "KEY_MISSING", 401)
    assert body["title"] == "No key was given"
    assert body["errors"][0]["location"] == "header.authorization"
    assert "Bearer" in body["errors"][0]["fix"]


async def test_limits_a_route_found_are_told_even_when_it_refuses(port: int) -> None:
    heard = await ask(port, get("/refused", "Connection: close"))
    assert heard.headers["ratelimit"] == '"burst";r=4;t=1'
    assert heard.headers["www-authenticate"].startswith("Bearer")


async def test_a_wait_is_told_and_a_spent_month_is_not_slept_through(port: int) -> None:
    heard = await ask(port, get("/away", "Connection: close"))
    assert heard.headers["retry-after"] == "7"
    heard = await ask(port, get("/spent", "Connection: close"))
    assert "retry-after" not in heard.headers
    assert heard.headers["x-should-retry"] == "false"


async def test_nothing_of_an_unforeseen_failure_is_told(port: int, caplog: pytest.LogCaptureFixture) -> None:
    heard = await ask(port, get("/broken", "Connection: close"))
    problem(heard, "INTERNAL", 500)
    assert b"SECRET" not in heard.body
    assert b"ValueError" not in heard.body
    failed = [record for record in caplog.records if record.getMessage() == "request failed"]
    assert len(failed) == 1
    assert failed[0].__dict__["facts"]["request_id"] == heard.headers["x-request-id"]


async def test_an_unknown_address_and_a_wrong_method_are_refused_in_our_shape(port: int) -> None:
    body = problem(await ask(port, get("/nowhere", "Connection: close")), "NOT_FOUND", 404)
    assert "/nowhere" in body["message"]
    heard = await ask(port, get("/data", "Connection: close", "Content-Length: 0", method="POST"))
    problem(heard, "METHOD_NOT_ALLOWED", 405)
    assert heard.headers["allow"] == "GET, HEAD"


async def test_everything_wrong_with_a_request_is_named_with_its_place(port: int) -> None:
    body = problem(await ask(port, get("/data?number=99", "Connection: close")), "REQUEST_INVALID", 400)
    assert body["errors"][0]["location"] == "query.number"
    assert "query.number" in body["message"]
    for sent in (b'{"assets": 1}', b'{"assets": [', b"[]"):
        heard = await ask(port, get("/order", "Content-Type: application/json", f"Content-Length: {len(sent)}", method="POST") + sent)
        assert problem(heard, "REQUEST_INVALID", 400)["errors"][0]["location"].startswith("body")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_past_the_bound_is_refused_however_it_is_sent(port: int, chunked: bool) -> None:
    length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 1001"
    sent = b"3e9\r\n" + b" " * 1_001 + b"\r\n0\r\n\r\n" if chunked else b" " * 1_001
    heard = await ask(port, get("/order", "Content-Type: application/json", length, method="POST") + sent)
    body = problem(heard, "REQUEST_TOO_LARGE", 413)
    assert "1000 bytes" in body["message"]


async def test_an_answer_that_takes_too_long_is_given_up(port: int) -> None:
    heard = await ask(port, get("/for-ever", "Connection: close"))
    problem(heard, "OVERLOADED", 503)
    assert heard.headers["retry-after"] == "5"


async def test_a_body_that_does_not_arrive_is_not_waited_for(port: int) -> None:
    heard = await ask(port, get("/order", "Content-Type: application/json", "Content-Length: 20", method="POST") + b'{"ass')
    problem(heard, "REQUEST_TIMEOUT", 408)
    assert heard.headers["connection"] == "close"


async def test_a_preflight_is_allowed_everywhere(port: int) -> None:
    heard = await ask(
        port, get("/order", "Origin: https://a.example", "Access-Control-Request-Method: POST", "Connection: close", method="OPTIONS")
    )
    assert heard.status == 204
    assert "POST" in heard.headers["access-control-allow-methods"]
    assert "Authorization" in heard.headers["access-control-allow-headers"]
    assert heard.headers["access-control-allow-origin"] == "*"


async def test_a_head_is_answered_as_a_get_without_its_body(port: int) -> None:
    got = await ask(port, get("/data", "X-Request-Id: same", "Connection: close"))
    line = await Line.to(port)
    await line.say(get("/data", "X-Request-Id: same", "Connection: close", method="HEAD"))
    heard = await line.hear("HEAD")
    assert heard.status == 200
    assert abs(int(heard.headers["content-length"]) - len(got.body)) <= 5
    assert await line.rest() == b""
    await line.hang_up()


async def test_a_stream_is_sent_part_by_part(port: int) -> None:
    heard = await ask(port, get("/events", "Connection: close"))
    assert heard.headers["content-type"].startswith("text/event-stream")
    assert heard.body == b"data: 1\n\ndata: 2\n\n"


async def test_a_stream_that_has_begun_may_take_its_time() -> None:
    async with serving(small_app([routes()], bounds=RequestBounds(request_seconds=0.1))) as port:
        heard = await ask(port, get("/events?pause_seconds=0.3", "Connection: close"))
        assert heard.body == b"data: 1\n\ndata: 2\n\n"


async def test_a_websocket_nobody_offers_is_refused_in_our_shape(port: int) -> None:
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    line = await Line.to(port)
    await line.say(get("/nowhere", *upgrade))
    heard = await line.hear()
    problem(heard, "NOT_FOUND", 404)
    await line.hang_up()


@pytest.mark.parametrize(
    ("header", "path", "told"),
    [
        ("Authorization: Bearer abc", "/who?key=url", {"secret": "abc", "in_url": False}),
        ("authorization: bearer  abc ", "/who", {"secret": "abc", "in_url": False}),
        ("X-API-Key: abc", "/who?key=url", {"secret": "abc", "in_url": False}),
        ("X-Other: abc", "/who?key=url", {"secret": "url", "in_url": True}),
        ("Authorization: Basic abc", "/who", {"secret": None, "in_url": False}),
    ],
)
async def test_a_key_is_taken_from_where_it_was_put(port: int, header: str, path: str, told: dict[str, object]) -> None:
    heard = await ask(port, get(path, header, "Connection: close"))
    assert msgspec.json.decode(heard.body)["data"] == told


async def test_an_answer_to_a_known_key_is_recorded_once_before_it_leaves() -> None:
    recorder = Recorder()
    async with serving(small_app([routes()], meter=recorder)) as port:
        line = await Line.to(port)
        await line.say(get("/metered", "Connection: close"))
        answer = await line.rest()
        await line.hang_up()
        (record,) = recorder.records
        assert record.pop("latency_ns") > 0
        assert f"X-Request-Id: {record.pop('request_id')}".lower() in answer.decode().lower(), "an answer is found by the id it bears"
        assert record == {
            "key_id": 7, "asset": "BTC", "asset_count": 1, "source": "coinbase-ws", "venue": "coinbase", "cache_tier": "memory",
            "state": "live", "code": "OK", "status": 200, "protocol": "http", "answer_bytes": len(answer),
            "charged": False,
        }  # fmt: skip
        await ask(port, get("/metered?fails=true", "Connection: close"))
        await ask(port, get("/data", "Connection: close"))
    assert [(each["code"], each["status"]) for each in recorder.records[1:]] == [("NOT_FOUND", 404)]


async def test_a_record_bears_an_id_of_ours_whatever_the_caller_calls_the_request() -> None:
    recorder = Recorder()
    async with serving(small_app([routes()], meter=recorder)) as port:
        for _ in range(2):
            await ask(port, get("/metered", "X-Request-Id: order-7", "Connection: close"))
    first, second = (record["request_id"] for record in recorder.records)
    assert len(first) == len(second) == 12
    assert first < second


async def test_every_code_has_a_page_for_people_and_for_programs(port: int) -> None:
    heard = await ask(port, get("/problems", "Connection: close"))
    told = msgspec.json.decode(heard.body)["data"]["problems"]
    assert {"RATE_LIMITED", "INTERNAL", "SCHEMA_NEWER"} <= {each["code"] for each in told}
    for each in told:
        page = await ask(port, get(each["type"], "Accept: text/html", "Connection: close"))
        assert page.status == 200
        assert page.headers["content-type"].startswith("text/html")
        assert each["code"] in page.body.decode()
        assert msgspec.json.decode((await ask(port, get(each["type"], "Connection: close"))).body)["data"] == each
    problem(await ask(port, get("/problems/NO_SUCH", "Connection: close")), "NOT_FOUND", 404)


async def test_the_landing_page_says_what_is_here(port: int) -> None:
    page = await ask(port, get("/", "Accept: text/html,*/*", "Connection: close"))
    assert b'<a href="/health">' in page.body
    assert b"/openapi.json" in page.body
    told = msgspec.json.decode((await ask(port, get("/", "Connection: close"))).body)["data"]
    assert told["links"][0] == {"path": "/health", "about": "how it fares"}


async def test_the_description_has_every_answer_in_its_envelope_and_every_refusal(port: int) -> None:
    document = msgspec.json.decode((await ask(port, get("/openapi.json", "Connection: close"))).body)
    assert document["openapi"].startswith("3.1")
    responses = document["paths"]["/data"]["get"]["responses"]
    assert {"200", "400", "431", "500", "503"} == set(responses)
    assert {"400", "408", "413"} <= set(document["paths"]["/order"]["post"]["responses"])
    assert responses["200"]["content"]["application/json"]["schema"]["allOf"][0] == {"$ref": "#/components/schemas/Envelope"}
    assert "security" not in document["paths"]["/data"]["get"]
    assert document["paths"]["/locked"]["get"]["security"] == [{"bearer": []}, {"header": []}, {"url": []}]
    assert responses["503"] == {"$ref": "#/components/responses/503.OVERLOADED"}
    assert "OVERLOADED" in document["components"]["responses"]["503.OVERLOADED"]["description"]
    assert list(document["components"]["schemas"]["Envelope"]["properties"]) == TWELVE
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_a_connection_serves_on_after_a_refusal(port: int) -> None:
    line = await Line.to(port)
    for path, status in (("/refused", 401), ("/data", 200), ("/nowhere", 404), ("/data", 200)):
        await line.say(get(path))
        assert (await line.hear()).status == status
    await line.hang_up()


async def test_what_never_became_a_request_is_refused_in_our_shape(port: int) -> None:
    heard = await ask(port, b"NONSENSE\r\n\r\n")
    assert heard.status == 400
    body = msgspec.json.decode(heard.body)
    assert list(body) == [*TWELVE, "type", "title", "status", "detail"]
    assert body["request_id"] == heard.headers["x-request-id"]
    assert heard.headers["date"].endswith("GMT")


def test_a_refusal_raised_while_a_body_is_read_is_that_refusal() -> None:
    app = small_app([])
    answer = app.refusal_bytes(RequestInvalid(reason="no"), status=431)
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
