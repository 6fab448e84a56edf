"""The README's lines, taken from the README and typed into a shell beside a node that runs in the lab."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.readme.pages import ROOT, page
from tests.readme.product import BEAST, STOP_SECONDS, Product, running
from tests.support.places import own_place
from tests.support.processes import wait_until
from tests.support.shell import done

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BEAST.exists(), reason="There is no beast beside this Python: `make build` makes one."),
]
README = page("README.md")
SHELLS = [*(("sh", line) for line in README.commands("sh")), *(("bash", line) for line in README.commands("bash"))]
UDP_LINES = [(shell, line) for shell, line in SHELLS if "2679" in line]
(CURL_LINE,) = [line for _, line in SHELLS if line.startswith("curl")]
(KEYS_LINE,) = [line for _, line in SHELLS if "keys issue" in line]


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with own_place() as folder, running(folder, "--feeds", "lab") as product:
        yield product


def typed(product: Product, line: str, shell: str = "sh") -> str:
    """Return what a line of the README prints, its ports replaced by the node's and `beast` by the one beside this Python."""
    addresses = product.ready["addresses"]
    line = line.replace("127.0.0.1:8080", addresses["price"]).replace(".venv/bin/beast", str(BEAST))
    host, _, port = addresses["price_udp"].rpartition(":")
    line = line.replace('("127.0.0.1", 2679)', f'("{host}", {port})').replace("127.0.0.1/2679", f"{host}/{port}")
    ended = subprocess.run([shell, "-c", line], cwd=product.folder, capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}\n{product.log()[-2_000:]}"
    return ended.stdout


def asked(product: Product, line: str, shell: str = "sh") -> dict[str, Any]:
    """Return the answer a line gets once it is not refused for asking too fast."""
    answers: list[dict[str, Any]] = []

    def is_granted() -> bool:
        answers.append(json.loads(typed(product, line, shell)))
        return answers[-1]["code"] not in {"RATE_LIMITED", "PRICE_UNAVAILABLE"}

    wait_until(is_granted, "an answer")
    return answers[-1]


@pytest.mark.skipif(shutil.which("curl") is None, reason="There is no curl on this machine.")
def test_the_curl_line_answers_a_price_that_moves(product: Product) -> None:
    first = asked(product, CURL_LINE)

    assert (first["success"], first["code"], first["data"]["asset"]) == (True, "OK", "BTC")
    wait_until(lambda: asked(product, CURL_LINE)["data"]["price"] != first["data"]["price"], "another price")


@pytest.mark.skipif(shutil.which("curl") is None, reason="There is no curl on this machine.")
def test_a_price_older_than_asked_for_is_refused_in_words(product: Product) -> None:
    line = CURL_LINE.replace("asset=BTC", "asset=BTC&max_age_ms=0")

    wait_until(lambda: asked(product, line)["code"] == "PRICE_STALE", "a refusal")


@pytest.mark.parametrize(("shell", "line"), UDP_LINES, ids=["with Python", "with bash alone"])
def test_each_udp_line_answers_a_price(product: Product, shell: str, line: str) -> None:
    answer = asked(product, line, shell)

    assert (answer["success"], answer["asset"], answer["id"]) == (True, "BTC", "7")


def test_a_made_up_price_says_so_in_its_source(product: Product) -> None:
    shell, line = UDP_LINES[0]

    assert asked(product, line, shell)["source"].startswith("lab:")


@pytest.mark.skipif(shutil.which("curl") is None, reason="There is no curl on this machine.")
def test_a_key_is_shown_once_and_answers_at_once(product: Product) -> None:
    (secret,) = re.findall(r"tb_\w+", typed(product, KEYS_LINE))

    answer = asked(product, CURL_LINE.replace("$(cat data/secrets/demo-key)", secret))

    assert answer["code"] == "OK"
    kept = [path for path in (product.folder / "data").rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert kept == [], "only its digest is kept"


@pytest.mark.skipif(shutil.which("curl") is None, reason="There is no curl on this machine.")
def test_the_reference_describes_what_the_node_answers(product: Product) -> None:
    served = json.loads(typed(product, "curl -sS http://127.0.0.1:8080/openapi.json"))

    assert served == json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8"))


def test_a_second_program_on_the_same_folder_is_refused_in_a_sentence(product: Product) -> None:
    words = [str(BEAST), "serve", "--feeds", "none", "--data-dir", str(product.folder / "data")]

    ended = subprocess.run(words, cwd=product.folder, capture_output=True, text=True, check=False, timeout=30)

    assert ended.returncode == 1
    assert "data" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_start_answers_the_same_demo_key_and_stops_in_order_though_told_twice(place: Path) -> None:
    with running(place, "--feeds", "none") as first:
        demo_key = first.ready["demo_key"]
    assert first.process.returncode == 0
    with running(place, "--feeds", "lab") as again:
        assert again.ready["demo_key"] == demo_key
        assert asked(again, UDP_LINES[0][1])["code"] == "OK"
        stops = again.log().count("node stopping")
        again.process.terminate()
        wait_until(lambda: again.log().count("node stopping") > stops, "stopping")
        again.process.terminate()
        again.process.wait(STOP_SECONDS)

    assert again.process.returncode == 0
    assert again.log().count("node stopped") == 2
    listed = done("spool", "list", "--data-dir", place / "data")  # A node that stops stores its records; the rest is at least whole.
    assert listed["unreadable"] == []
    assert all(segment["sealed"] for segment in listed["segments"])
