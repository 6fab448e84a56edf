"""The lines that ask what a stop asks: with curl, with Python alone, by datagram. Pasted into a shell, they work."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from trinity_beast.demo.stops import WRONG_KEY, Stop

UNTOLD = "BEAST_KEY"
"""The variable a key is printed as that not everybody may see."""
DATAGRAM_BYTES = 220
"""A question is padded to this: an answer is at most three times as long."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tour is given, and with which key."""

    url: str
    udp_host: str
    udp_port: int
    key: str
    key_is_public: bool

    def key_of(self, stop: Stop) -> str:
        """Return the key a stop asks with; empty where it asks without."""
        if stop.wrong_key:
            return WRONG_KEY
        return self.key if stop.with_key else ""


@dataclass(frozen=True, slots=True)
class Told:
    """One way to ask: its name and its lines."""

    way: str
    text: str


def lines(stop: Stop, place: Place) -> Sequence[Told]:
    """Return the lines that ask what `stop` asks, by each way that can."""
    if stop.datagram:
        return (Told("shell", _datagram_shell(stop, place)), Told("python", _datagram_python(stop, place)))
    return (Told("curl", _curl(stop, place)), Told("python", _python(stop, place)))


def datagram_of(stop: Stop, key: str) -> bytes:
    """Return the datagram a stop asks by."""
    return json.dumps({"key": key, **dict(stop.datagram)}, separators=(",", ":")).encode().ljust(DATAGRAM_BYTES)


def _curl(stop: Stop, place: Place) -> str:
    url = shlex.quote(place.url + stop.path)
    header = _shell_text(f"Authorization: Bearer {_shown(stop, place)}")
    asked = f"curl -s {url}" + (f" -H {header}" if place.key_of(stop) else "")
    return asked if stop.times == 1 else f"for n in $(seq {stop.times}); do {asked}; echo; done"


def _python(stop: Stop, place: Place) -> str:
    headers = f'{{"Authorization": "Bearer " + {_python_key(stop, place)}}}' if place.key_of(stop) else "{}"
    asked = [
        f"request = urllib.request.Request({place.url + stop.path!r}, headers={headers})",
        "try:",
        "    answer = urllib.request.urlopen(request, timeout=10)",
        "except urllib.error.HTTPError as refused:",
        "    answer = refused",
        "print(json.load(answer))",
    ]
    if stop.times > 1:
        asked = [f"for n in range({stop.times}):", *(f"    {line}" for line in asked)]
    return "\n".join([f"import json, {_imports(stop, place)}urllib.error, urllib.request", "", *asked])


def _datagram_shell(stop: Stop, place: Place) -> str:
    question = datagram_of(stop, _shown(stop, place)).decode().rstrip()
    asked = f"printf '%-{DATAGRAM_BYTES}s' {_shell_text(question)}"
    return f"{asked} | nc -u -w 1 {shlex.quote(place.udp_host)} {place.udp_port}"


def _datagram_python(stop: Stop, place: Place) -> str:
    fields = ", ".join(f'"{name}": {json.dumps(value)}' for name, value in stop.datagram)
    return "\n".join(
        [
            f"import json, {_imports(stop, place)}socket",
            "",
            f'question = json.dumps({{"key": {_python_key(stop, place)}, {fields}}}).encode().ljust({DATAGRAM_BYTES})',
            f"line = socket.socket({'socket.AF_INET6' if ':' in place.udp_host else 'socket.AF_INET'}, socket.SOCK_DGRAM)",
            "line.settimeout(2)",
            f"line.sendto(question, ({place.udp_host!r}, {place.udp_port}))",
            "print(json.loads(line.recv(2048)))",
        ]
    )


def _is_untold(stop: Stop, place: Place) -> bool:
    return not place.key_is_public and place.key_of(stop) == place.key


def _shown(stop: Stop, place: Place) -> str:
    return f"${UNTOLD}" if _is_untold(stop, place) else place.key_of(stop)


def _python_key(stop: Stop, place: Place) -> str:
    return f'os.environ["{UNTOLD}"]' if _is_untold(stop, place) else json.dumps(place.key_of(stop))


def _imports(stop: Stop, place: Place) -> str:
    return "os, " if _is_untold(stop, place) else ""


def _shell_text(text: str) -> str:
    """Return a text for a shell to read as it is, but for the variable of the key."""
    before, variable, after = text.partition(f"${UNTOLD}")
    return shlex.quote(text) if not variable else f'{shlex.quote(before)}"${UNTOLD}"{shlex.quote(after) if after else ""}'
