"""The tour: every stop shows what it is about, whoever waits or does not, and what goes astray is told."""

import io
import json
from collections.abc import Mapping

import pytest
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from tests.stress.engine_node import EngineNode
from tests.support.engines import SECRET
from trinity_beast.content import told
from trinity_beast.demo import Stop, tour
from trinity_beast.demo.asking import Answered, NodeAsker
from trinity_beast.demo.commands import Guide, add_demo_verb, shortened
from trinity_beast.demo.lines import Place
from trinity_beast.words import Asset

STOPS = tour(Asset("BTC"), Asset("ETH"))
PLACE = Place("http://127.0.0.1:8080", "127.0.0.1", 2_679, SECRET, key_is_public=True)


class Answers:
    """Answers every stop as it should be, but for those named otherwise."""

    def __init__(self, otherwise: Mapping[str, str] | None = None) -> None:
        self._otherwise, self.asked = otherwise or {}, list[str]()

    def ask(self, stop: Stop) -> Answered:
        self.asked.append(stop.name)
        code = self._otherwise.get(stop.name, min(stop.expected))
        return Answered(code, 200, {"code": code, "data": list(range(7))})


class Newcomer(Console):
    """A console whose person answers as foretold, and then hangs up."""

    def __init__(self, *wishes: str) -> None:
        super().__init__(file=io.StringIO(), width=100)
        self._wishes = list(wishes)

    def input(self, *_: object, **__: object) -> str:
        if not self._wishes:
            raise EOFError
        return self._wishes.pop(0)

    @property
    def shown(self) -> str:
        assert isinstance(self.file, io.StringIO)
        return self.file.getvalue()


def test_without_waiting_every_stop_is_taken_and_shown() -> None:
    out, answers = Newcomer(), Answers()
    taken = Guide(out, PLACE, answers, waits=False).lead(STOPS)
    assert answers.asked == [stop.name for stop in STOPS]
    assert all(one.went_well for one in taken)
    for stop in STOPS:
        assert stop.title in out.shown
    for word in ("curl -s", "urllib.request", "nc -u", "and 4 more", "All went as it should"):
        assert word in out.shown


def test_a_newcomer_asks_passes_by_and_leaves() -> None:
    out, answers = Newcomer("", "s", "", "q"), Answers()
    Guide(out, PLACE, answers, waits=True).lead(STOPS)
    assert answers.asked == ["health", "prices"]


def test_a_newcomer_who_hangs_up_has_left() -> None:
    out, answers = Newcomer(""), Answers()
    Guide(out, PLACE, answers, waits=True).lead(STOPS)
    assert answers.asked == ["health"]


def test_what_goes_astray_is_told() -> None:
    out = Newcomer()
    taken = Guide(out, PLACE, Answers({"limits": "DEPENDENCY_AWAY"}), waits=False).lead(STOPS)
    assert [one.stop.name for one in taken if not one.went_well] == ["limits"]
    assert "Not as it should be: What your key may do" in out.shown


def test_over_a_real_engine_prices_are_shown_and_too_many_at_once_refused(node: EngineNode) -> None:
    asker = NodeAsker(Place(f"http://127.0.0.1:{node.tcp.port}", "127.0.0.1", node.udp.port, SECRET, key_is_public=True))
    answers = {stop.name: asker.ask(stop) for stop in STOPS if stop.name in {"price", "udp", "too-fast"}}
    assert [answered.code for answered in answers.values()] == ["OK", "OK", "OK"]
    assert answers["price"].body["data"]["price"] == answers["udp"].body["price"] == "97123.45"
    assert node.engine.counters.read()["tcp_requests"] == 13


def test_nobody_there_is_an_answer_too() -> None:
    asker = NodeAsker(Place("http://127.0.0.1:1", "127.0.0.1", 1, SECRET, key_is_public=True))
    assert {asker.ask(stop).code for stop in STOPS} == {"NO_ANSWER"}
    assert not any(stop.goes_well("NO_ANSWER") for stop in STOPS)


def invoke(*words: str, url: str = "http://127.0.0.1:1") -> tuple[int, str, str]:
    app = Typer()
    add_demo_verb(
        app,
        lambda _dir, other, port, key: Place(other or url, "127.0.0.1", port or 1, key or SECRET, key_is_public=not key),
        lambda error: told(error.code, error.facts).message,
    )
    done = CliRunner().invoke(app, words)
    return done.exit_code, done.stdout, done.stderr


def test_for_programs_every_stop_is_told_with_its_lines() -> None:
    code, out, _ = invoke("--json")
    stops = json.loads(out)
    assert code == 1  # Nobody is there.
    assert [stop["stop"] for stop in stops] == [stop.name for stop in STOPS]
    assert all(stop["lines"] and not stop["went_well"] for stop in stops)


@pytest.mark.parametrize("words", [["--asset", "B TC"], ["--asset", ""], ["--asset", "X" * 17], ["--url", "ftp://here"]])
def test_misuse_is_told_in_a_sentence(words: list[str]) -> None:
    code, out, talk = invoke(*words)
    assert (code, out) == (2, "")
    assert "The tour cannot be given" in talk


def test_it_has_an_example() -> None:
    assert "Example: beast demo" in invoke("--help")[1]


def test_long_lists_are_cut_short_and_the_rest_counted() -> None:
    assert shortened({"a": [1, 2, 3], "b": [{"c": [1, 2, 3, 4]}, 2, 3, 4, 5]}) == {
        "a": [1, 2, 3],
        "b": [{"c": [1, 2, 3, "and 1 more"]}, 2, 3, "and 2 more"],
    }
