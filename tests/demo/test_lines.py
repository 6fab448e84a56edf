"""Every line of the tour asks what the tour asks: pasted, it gives that answer."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.stress.engine_node import EngineNode
from tests.support.engines import SECRET
from trinity_beast.demo import Stop, tour
from trinity_beast.demo.asking import NodeAsker
from trinity_beast.demo.lines import Place, datagram_of, lines
from trinity_beast.words import Asset

STOPS = tour(Asset("BTC"), Asset("ETH"))
PUBLIC, PRIVATE = True, False
IGNORED = {"request_id", "timestamp", "latency_us", "age_ms", "time"}
ALONE = ("price", "udp")
"""What an engine answers without the rest of a node."""


def place_of(node: EngineNode, *, is_public: bool) -> Place:
    return Place(f"http://127.0.0.1:{node.tcp.port}", "127.0.0.1", node.udp.port, SECRET, is_public)


def named(name: str) -> Stop:
    return next(stop for stop in STOPS if stop.name == name)


def same(answer: object) -> object:
    """An answer without what no two answers share."""
    if isinstance(answer, dict):
        return {name: same(value) for name, value in answer.items() if name not in IGNORED}
    return answer


def run(words: Sequence[str]) -> str:
    done = subprocess.run(words, env={**os.environ, "BEAST_KEY": SECRET}, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("is_public", [PUBLIC, PRIVATE])
def test_the_python_that_is_printed_gives_the_answer_of_the_tour(node: EngineNode, name: str, is_public: bool) -> None:
    place, stop = place_of(node, is_public=is_public), named(name)
    told = run([sys.executable, "-c", next(told.text for told in lines(stop, place) if told.way == "python")])
    answered = NodeAsker(place).ask(stop)
    assert answered.code == "OK"
    assert told == f"{eval(told)}\n"  # noqa: S307 - What our own line printed: a dict, as Python writes it.
    assert same(eval(told)) == same(answered.body)  # noqa: S307 - As above.


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("is_public", [PUBLIC, PRIVATE])
def test_the_curl_that_is_printed_gives_the_answer_of_the_tour(node: EngineNode, is_public: bool) -> None:
    place, stop = place_of(node, is_public=is_public), named("price")
    told = run(["sh", "-c", next(told.text for told in lines(stop, place) if told.way == "curl")])
    assert same(json.loads(told)) == same(NodeAsker(place).ask(stop).body)


def test_the_shell_line_of_a_datagram_sends_the_datagram_of_the_tour(node: EngineNode) -> None:
    stop = named("udp")
    for is_public in (PUBLIC, PRIVATE):
        place = place_of(node, is_public=is_public)
        shell, _, sent_to = lines(stop, place)[0].text.rpartition(" | ")
        assert run(["sh", "-c", shell]).encode() == datagram_of(stop, SECRET)
        assert shlex.split(sent_to) == ["nc", "-u", "-w", "1", "127.0.0.1", str(node.udp.port)]


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_a_key_that_not_everybody_may_see_is_in_no_line(stop: Stop) -> None:
    hidden = Place("http://[::1]:8080", "::1", 2_679, SECRET, key_is_public=False)
    shown = Place("http://[::1]:8080", "::1", 2_679, SECRET, key_is_public=True)
    assert all(SECRET not in told.text for told in lines(stop, hidden))
    assert any(SECRET in told.text for told in lines(stop, shown)) == (stop.with_key and not stop.wrong_key)


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_every_line_can_be_read_by_what_it_is_written_for(stop: Stop) -> None:
    for told in lines(stop, Place("http://127.0.0.1:8080", "127.0.0.1", 2_679, SECRET, key_is_public=False)):
        if told.way == "python":
            compile(told.text, stop.name, "exec")
        else:
            subprocess.run(["sh", "-n", "-c", told.text], check=True, timeout=10)
