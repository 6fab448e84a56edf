"""What is shown when a node has started: where it is, with what keys, and how to try it."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_DATAGRAM_BYTES = 160


@dataclass(frozen=True, slots=True)
class Started:
    """What there is to say. `addresses` are by name (`price http`, `price udp` …), each as host:port."""

    node: str
    version: str
    addresses: Mapping[str, str]
    price_http: tuple[str, int] | None = None
    price_udp: tuple[str, int] | None = None
    demo_key: str | None = field(default=None, repr=False)
    admin_key: str | None = field(default=None, repr=False)
    """Given only when it was made at this start: it is never shown again."""
    synthetic_market: str = ""
    """What plays the market where it is not the real one; empty when it is."""
    asset: str = "BTC"


def try_lines(started: Started) -> list[str]:
    """Return lines that work by copy and paste: a price over HTTP, and one over UDP."""
    if started.demo_key is None or started.price_http is None:
        return []
    host, port = started.price_http
    lines = [f"curl -H 'Authorization: Bearer {started.demo_key}' 'http://{_bracketed(host)}:{port}/price?asset={started.asset}'"]
    if started.price_udp is not None:
        udp_host, udp_port = started.price_udp
        family = int(socket.AF_INET6 if ":" in udp_host else socket.AF_INET)
        # Quotes escaped for the shell, within whose quotes they stand.
        sent = f'{{"key": "{started.demo_key}", "asset": "{started.asset}", "id": "1"}}'.replace('"', '\\"')
        # Padded: an answer is never more than three times what it answers. And Python, which is here, unlike nc.
        ask = f"s.sendto(b'{sent:<{_DATAGRAM_BYTES}}', ('{udp_host}', {udp_port})); print(s.recv(1500).decode())"
        lines.append(f'python3 -c "import socket; s = socket.socket({family}, 2); s.settimeout(2); {ask}"')
    return lines


def show_banner(console: Console, started: Started) -> None:
    """Print it: a panel on a terminal, plain lines elsewhere. The keys are printed nowhere else, and never logged."""
    rows = [(name, address) for name, address in started.addresses.items()]
    rows += [("demo key", started.demo_key)] if started.demo_key else []
    rows += [("admin key", f"{started.admin_key}  (shown this once: keep it)")] if started.admin_key else []
    if started.synthetic_market:
        rows.append(("market", f"SYNTHETIC, played by {started.synthetic_market}: no price here is real"))
    lines = try_lines(started)
    if not console.is_terminal:
        for name, value in rows:
            console.out(f"{name}: {value}", highlight=False)
        for line in lines:
            console.out(line, highlight=False)
        return
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(Text(name, style="dim"), Text(value, style="bold red" if name in {"market", "admin key"} else "bold"))
    console.print(Panel(table, title=Text(f"Trinity Beast {started.version} · {started.node}"), expand=False))
    for line in lines:
        # Unwrapped: a line broken by us would not work by copy and paste.
        console.print(Text(line, style="cyan"), soft_wrap=True)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
