import io
import json
import shlex
import socket
import subprocess
import sys

import pytest
from rich.console import Console

from trinity_beast.telemetry import Started, show_banner, try_lines

KEY = "tb_demo_" + "a" * 38


def started(**changes: object) -> Started:
    given: dict[str, object] = {
        "node": "BeastMain", "version": "1", "addresses": {"price http": "127.0.0.1:8080", "price udp": "127.0.0.1:2679"},
        "price_http": ("127.0.0.1", 8080), "price_udp": ("127.0.0.1", 2679), "demo_key": KEY,
    }  # fmt: skip
    return Started(**(given | changes))  # type: ignore[arg-type]


def shown(what: Started, *, is_terminal: bool) -> str:
    written = io.StringIO()
    show_banner(Console(file=written, force_terminal=is_terminal, width=80, color_system=None), what)
    return written.getvalue()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_addresses_keys_and_lines_to_try_are_shown(is_terminal: bool) -> None:
    text = shown(started(admin_key="made-just-now"), is_terminal=is_terminal)
    assert "127.0.0.1:2679" in text
    assert KEY in text
    assert "made-just-now" in text
    for line in try_lines(started()):
        assert line in text


def test_an_admin_key_made_earlier_is_not_shown() -> None:
    assert "admin" not in shown(started(), is_terminal=False)


def test_a_synthetic_market_is_said_loudly() -> None:
    assert "SYNTHETIC, played by the lab" in shown(started(synthetic_market="the lab"), is_terminal=False)


def test_without_a_demo_key_there_is_nothing_to_try() -> None:
    assert try_lines(started(demo_key=None)) == []


def test_a_key_does_not_slip_out_by_a_repr() -> None:
    assert KEY not in repr(started(admin_key="x"))


def test_the_http_line_is_one_whole_shell_command() -> None:
    words = shlex.split(try_lines(started(price_http=("::1", 8080)))[0])
    assert words == ["curl", "-H", f"Authorization: Bearer {KEY}", "http://[::1]:8080/price?asset=BTC"]


def test_the_udp_line_asks_and_prints_the_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(10)
        line = try_lines(started(price_udp=peer.getsockname()))[1]
        words = shlex.split(line)
        with subprocess.Popen([sys.executable, *words[1:]], stdout=subprocess.PIPE, text=True) as asking:
            sent, caller = peer.recvfrom(2_000)
            peer.sendto(b'{"success":true}', caller)
            assert asking.stdout is not None
            assert asking.stdout.read() == '{"success":true}\n'
    assert json.loads(sent) == {"key": KEY, "asset": "BTC", "id": "1"}
    assert len(sent) >= 128
