"""Requests that two programs could read in two ways are refused by the engine itself."""

import pytest

from tests.support.callers import request
from tests.support.engines import SECRET, Node

GET = b"GET /anything HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /upload HTTP/1.1\r\nHost: a\r\n"

AMBIGUOUS = {
    "both lengths": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "length twice": POST + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody",
    "length with sign": POST + b"Content-Length: +4\r\n\r\nbody",
    "length as list": POST + b"Content-Length: 4, 4\r\n\r\nbody",
    "another coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "coding in disguise": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding in 1.0": b"POST /upload HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nbody",
    "chunk line without CR": POST + b"Transfer-Encoding: chunked\r\n\r\n4\nbody",
    "host twice": GET + b"Host: b\r\n\r\n",
    "no host": b"GET /anything HTTP/1.1\r\n\r\n",
    "host with space": b"GET /anything HTTP/1.1\r\nHost: a b\r\n\r\n",
    "space before colon": GET + b"X-Name : value\r\n\r\n",
    "space before name": GET + b" X-Name: value\r\n\r\n",
    "folded line": GET + b"X-Name: value\r\n more\r\n\r\n",
    "bare CR in value": GET + b"X-Name: va\rlue\r\n\r\n",
    "bare LF after line": b"GET /anything HTTP/1.1\nHost: a\r\n\r\n",
    "bare LF after field": b"GET /anything HTTP/1.1\r\nHost: a\n\r\n",
    "bare LF at the end": b"GET /anything HTTP/1.1\r\nHost: a\r\n\n",
    "NUL in value": GET + b"X-Name: va\0lue\r\n\r\n",
    "no colon": GET + b"X-Name\r\n\r\n",
    "two spaces": b"GET  /anything HTTP/1.1\r\nHost: a\r\n\r\n",
    "another version": b"GET /anything HTTP/3.0\r\nHost: a\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_ambiguous_request_is_refused_and_handed_to_nobody(node: Node, name: str) -> None:
    caller = node.caller()
    caller.send(AMBIGUOUS[name])
    answer = caller.answer()
    assert (answer.status, answer.envelope["code"], answer.headers["connection"]) == (400, "REQUEST_INVALID", "close")
    assert caller.hears_the_end()
    assert (node.counted("requests_malformed"), node.counted("handed_over")) == (1, 0)


def test_what_came_before_an_ambiguous_request_is_answered(node: Node) -> None:
    caller = node.caller()
    caller.send(request("/price?asset=BTC", secret=SECRET) + AMBIGUOUS["host twice"] + request("/price?asset=BTC", secret=SECRET))
    assert [caller.answer().status, caller.answer().status] == [200, 400]
    assert caller.hears_the_end()


@pytest.mark.parametrize("ending", [b"", b"\r\n\r\n"])
def test_a_header_over_its_bound_is_refused(node: Node, ending: bytes) -> None:
    caller = node.caller()
    caller.send(GET + b"X-Name: " + b"x" * 16_384 + ending)
    answer = caller.answer()
    assert (answer.status, answer.envelope["code"]) == (431, "REQUEST_TOO_LARGE")
    assert "16384" in answer.envelope["message"]
    assert caller.hears_the_end()
    assert node.counted("headers_too_large") == 1


def test_a_header_of_a_thousand_fields_is_refused(node: Node) -> None:
    caller = node.caller()
    caller.send(GET + b"A: b\r\n" * 1_000 + b"\r\n")
    assert caller.answer().status == 431


def test_a_header_just_within_its_bound_is_read(node: Node) -> None:
    start = request("/price?asset=BTC", secret=SECRET)[:-2] + b"X-Name: "
    caller = node.caller()
    caller.send(start + b"x" * (16_384 - len(start) - 4) + b"\r\n\r\n")
    assert caller.answer().status == 200


def test_a_refusal_reaches_a_caller_that_is_still_sending(node: Node) -> None:
    caller = node.caller()
    caller.send(AMBIGUOUS["host twice"] + b"x" * 200_000)
    assert caller.answer().status == 400
