"""`beast stress` as a shell sees it: its output, its talk, its exit."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.stress.engine_node import EngineNode
from tests.stress.reports import a_report, a_step
from tests.support.engines import SECRET
from tests.support.processes import wait_until
from trinity_beast.clock import SystemClock
from trinity_beast.content import told
from trinity_beast.errors import TrinityError
from trinity_beast.randomness import SystemSecrets
from trinity_beast.stress import Report
from trinity_beast.stress.commands import Means, stress_app
from trinity_beast.web import KnownNode

QUICK = ["--seconds", "0.3", "--warm", "0", "--key", SECRET]


def tell(error: TrinityError) -> str:
    spoken = told(error.code, error.facts)
    return f"{spoken.message} {spoken.fix}"


def run(*words: str, node: EngineNode | None = None) -> Result:
    here = [] if node is None else [str(node.tcp), str(node.udp)]
    means = Means(SystemClock(), SystemSecrets(), lambda _dir, url, key, name: KnownNode(url, key, name), lambda _dir: here, tell)
    return CliRunner().invoke(stress_app(means), words)


def report_of(done: Result) -> Report:
    assert done.exit_code == 0, done.stderr
    return Report.model_validate_json(done.stdout)


def test_the_node_here_is_asked_over_both_its_doors_level_by_level(node: EngineNode) -> None:
    report = report_of(run("run", "--levels", "4,16", "--name", "mine", "--json", *QUICK, node=node))
    assert [(step.protocol, step.concurrent) for step in report.steps] == [("tcp", 4), ("tcp", 16), ("udp", 4), ("udp", 16)]
    assert (report.name, report.success, report.is_complete) == ("mine", 1.0, True)


def test_a_table_is_on_stdout_and_the_talk_on_stderr(node: EngineNode) -> None:
    done = run("run", str(node.udp), "--levels", "4", *QUICK)
    assert done.exit_code == 0
    assert str(node.udp) in done.stdout
    assert "100 %" in done.stdout
    assert "answered well" in done.stderr


def test_pipelined_by_the_clock_with_keys_from_a_file(node: EngineNode, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(SECRET + "\n")
    words = ["--levels", "8", "--pipeline", "4", "--rate", "500", "--seconds", "0.4", "--warm", "0", "--key-file", str(keys), "--json"]
    (step,) = report_of(run("run", str(node.tcp), *words)).steps
    assert (step.connections, step.depth, step.asked, step.good) == (2, 4, 200, 200)


def test_a_level_beyond_the_connections_has_more_in_flight_on_each(node: EngineNode) -> None:
    (step,) = report_of(run("run", str(node.tcp), "--levels", "10", "--connections-max", "4", "--json", *QUICK)).steps
    assert (step.connections, step.depth, step.success) == (4, 3, 1.0)


def test_the_page_is_written_and_shown_again_from_the_report(node: EngineNode, tmp_path: Path) -> None:
    page, again, kept = tmp_path / "run.html", tmp_path / "again.html", tmp_path / "run.json"
    done = run("run", str(node.tcp), "--levels", "4", "--json", "--html", str(page), *QUICK)
    kept.write_text(done.stdout)
    assert run("show", str(kept), "--html", str(again)).exit_code == 0
    assert page.read_text() == again.read_text()
    assert json.loads(run("show", str(kept), "--json").stdout) == json.loads(done.stdout)


def test_two_reports_are_held_against_each_other(tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_text(a_report(a_step(30)).model_dump_json())
    after.write_text(a_report(a_step(30, good=2_000)).model_dump_json())
    done = run("compare", str(before), str(after))
    assert done.exit_code == 0
    assert "2.00" in done.stdout
    assert [step["per_second"] for step in json.loads(run("compare", str(before), str(after), "--json").stdout)["steps"]] == [2.0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "http://192.0.2.1:80", *QUICK], "--mine 192.0.2.1"),
        (["run", "ftp://127.0.0.1:80", *QUICK], "is no target"),
        (["run", "http://127.0.0.1:80", "--levels", "x", *QUICK], "no level"),
        (["run", "http://127.0.0.1:80", "--seconds", "1"], "with a key"),
        (["run", "http://127.0.0.1:80", "--levels", "8", "--pipeline", "2", "--no-keep-alive", *QUICK], "used once"),
        (["run", "http://127.0.0.1:80", "--clients", "1", "--listen", "nowhere", *QUICK], "HOST:PORT"),
        (["run", "http://127.0.0.1:80", "--key-file", "/nonexistent/keys"], "cannot be read"),
        (["worker", "--join", "nonsense", "--token", "x"], "no tcp://"),
        (["show", "/nonexistent/report.json"], "no report"),
    ],
)
def test_misuse_is_told_in_a_sentence_and_ends_with_two(words: list[str], sentence: str) -> None:
    done = run(*words)
    assert sentence in done.stderr
    assert done.stdout == ""
    assert done.exit_code == (1 if words[0] == "show" else 2)


def test_a_node_that_is_not_there_ends_with_one() -> None:
    done = run("run", "http://127.0.0.1:1", *QUICK)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no connection could be made" in done.stderr


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 2}', "\x00"])
def test_a_file_that_is_no_report_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "report.json"
    file.write_text(text)
    done = run("show", str(file))
    assert done.exit_code == 1
    assert "no report" in done.stderr


@pytest.mark.parametrize("verb", ["run", "worker", "show", "compare", "list", "store", "remove"])
def test_every_verb_has_an_example(verb: str) -> None:
    done = run(verb, "--help")
    assert done.exit_code == 0
    assert "Example: beast stress" in done.stdout


BY_HAND = """
import sys
from tests.stress.test_commands import run_by_hand
run_by_hand(sys.argv[1:])
"""


def run_by_hand(words: list[str]) -> None:
    """Run the verbs in a process of its own, to be signalled."""
    means = Means(SystemClock(), SystemSecrets(), lambda _dir, url, key, name: KnownNode(url, key, name), lambda _dir: [], tell)
    stress_app(means)(words)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_it_prints_the_report_so_far(node: EngineNode, number: signal.Signals) -> None:
    words = ["run", str(node.tcp), "--levels", "4,8", "--seconds", "3600", "--warm", "0", "--key", SECRET, "--json"]
    process = subprocess.Popen([sys.executable, "-c", BY_HAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: node.engine.counters.read()["tcp_requests"] > 0, "a request")
        process.send_signal(number)
        told_of, talk = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1, talk
    report: Any = json.loads(told_of)
    assert (report["is_complete"], len(report["steps"])) == (False, 1)
    assert report["steps"][0]["good"] > 0
