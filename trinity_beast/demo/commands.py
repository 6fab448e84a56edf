"""`beast demo`: the tour of the API for a newcomer."""

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from trinity_beast.demo.asking import Answered, Asker, NodeAsker
from trinity_beast.demo.errors import DemoInvalid
from trinity_beast.demo.lines import Place, lines
from trinity_beast.demo.stops import Stop, tour
from trinity_beast.errors import TrinityError
from trinity_beast.web import DataDir
from trinity_beast.words import Asset

ASSET = re.compile(r"[A-Z0-9]{1,16}")
LANGUAGES = {"curl": "bash", "shell": "bash", "python": "python"}
SHOWN_ITEMS = 3
"""Of a long list so many are shown; the rest is counted."""

Url = Annotated[str, typer.Option(help="Where the node answers. Default: the node of the data folder.")]
UdpPort = Annotated[int, typer.Option(min=0, max=65_535, help="Where it takes datagrams. 0: as the settings have it.")]
KeyOption = Annotated[
    str, typer.Option("--key", envvar="BEAST_DEMO_KEY", help="The key to ask with. Default: the demo key of the data folder.")
]
AssetOption = Annotated[str, typer.Option("--asset", help="The coin to ask for.")]
NoInput = Annotated[bool, typer.Option("--no-input", help="Take the whole tour without waiting for Enter.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print every stop and its answer as JSON, without waiting for Enter.")]

PlaceOf = Callable[[Path | None, str, int, str], Place]
"""Where the tour is given, by data folder, address, datagram port and key as far as they were given."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A stop that was taken."""

    stop: Stop
    answered: Answered

    @property
    def went_well(self) -> bool:
        """Whether it showed what it is about."""
        return self.stop.goes_well(self.answered.code)


def add_demo_verb(app: typer.Typer, place_of: PlaceOf, tell: Callable[[TrinityError], str] = str) -> None:
    """Add the `demo` verb. `tell` puts a refusal into words."""
    talk = Console(stderr=True)

    @app.command(epilog="Example: beast demo --asset ETH --no-input")
    def demo(
        *,
        asset: AssetOption = "BTC",
        url: Url = "",
        udp_port: UdpPort = 0,
        key: KeyOption = "",
        data_dir: DataDir = None,
        no_input: NoInput = False,
        as_json: AsJson = False,
    ) -> None:
        """Take a tour of the API: what is asked, with the lines that ask it from a shell or a program, and what comes back."""
        try:
            place = place_of(data_dir, url, udp_port, key)
            stops, asker = tour(_asset(asset), Asset("SOL" if asset.upper() == "ETH" else "ETH")), NodeAsker(place)
        except TrinityError as error:
            talk.print(tell(error), style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1 if error.status >= 500 else 2) from error
        if as_json:
            taken: Sequence[Taken] = [Taken(stop, asker.ask(stop)) for stop in stops]
            sys.stdout.write(json.dumps([as_data(one, place) for one in taken], indent=2 if sys.stdout.isatty() else None) + "\n")
        else:
            taken = Guide(Console(), place, asker, waits=not no_input and sys.stdin.isatty()).lead(stops)
        raise typer.Exit(0 if all(one.went_well for one in taken) else 1)


class Guide:
    """Leads through the stops, one by one."""

    def __init__(self, out: Console, place: Place, asker: Asker, *, waits: bool) -> None:
        self._out, self._place, self._asker, self._waits = out, place, asker, waits

    def lead(self, stops: Sequence[Stop]) -> Sequence[Taken]:
        """Lead through the stops and return those that were taken."""
        taken: list[Taken] = []
        self._out.print(f"A tour of {self._place.url}, with {self._key_told()}.", markup=False, highlight=False)
        for number, stop in enumerate(stops, start=1):
            self._announce(stop, number, len(stops))
            wish = self._wish()
            if wish == "q":
                break
            if wish != "s":
                taken.append(Taken(stop, self._asker.ask(stop)))
                self._show(taken[-1])
        self._take_leave(taken)
        return taken

    def _key_told(self) -> str:
        return f"the demo key {self._place.key}" if self._place.key_is_public else "your key, which the lines call $BEAST_KEY"

    def _announce(self, stop: Stop, number: int, count: int) -> None:
        self._out.print()
        self._out.print(f"{number} of {count}  {stop.title}", style="bold", markup=False, highlight=False)
        self._out.print(stop.about, markup=False, highlight=False)
        for told in lines(stop, self._place):
            self._out.print()
            self._out.print(f"{told.way}:", style="dim", markup=False, highlight=False)
            self._out.print(coloured(told.text, LANGUAGES[told.way]), soft_wrap=True)

    def _wish(self) -> str:
        """Return what the newcomer wants: empty to ask, `s` to pass by, `q` to leave."""
        if not self._waits:
            return ""
        try:
            return self._out.input("Enter asks it, s passes by, q leaves: ").strip().lower()[:1]
        except EOFError:
            return "q"

    def _show(self, taken: Taken) -> None:
        answered = taken.answered
        self._out.print()
        status = f", status {answered.status}" if answered.status else ""
        self._out.print(f"answer: {answered.code or 'no code'}{status}", style="green" if taken.went_well else "red", markup=False)
        text = json.dumps(shortened(answered.body), indent=2, ensure_ascii=False)
        self._out.print(coloured(text, "json"), soft_wrap=True)

    def _take_leave(self, taken: Sequence[Taken]) -> None:
        self._out.print()
        astray = [one.stop.title for one in taken if not one.went_well]
        told = f"{len(taken)} stops." + (f" Not as it should be: {', '.join(astray)}." if astray else " All went as it should.")
        self._out.print(told, style="red" if astray else "", markup=False, highlight=False)
        self._out.print(f"All that can be asked: {self._place.url}/openapi.json. A key of your own: beast keys issue --help", markup=False)


def coloured(text: str, language: str) -> Text:
    """Return a text in colours, for a terminal to break where it must: a break of ours would be pasted with it."""
    found = Syntax("", language, background_color="default").highlight(text)
    found.rstrip()
    return found


def shortened(body: Any) -> Any:
    """Return an answer with its long lists cut short, and the rest counted."""
    if isinstance(body, dict):
        return {name: shortened(value) for name, value in body.items()}
    if isinstance(body, list):
        more = [f"and {len(body) - SHOWN_ITEMS} more"] if len(body) > SHOWN_ITEMS else []
        return [*(shortened(item) for item in body[:SHOWN_ITEMS]), *more]
    return body


def as_data(taken: Taken, place: Place) -> dict[str, object]:
    """Return a stop that was taken, for programs."""
    return {
        "stop": taken.stop.name,
        "title": taken.stop.title,
        "lines": {told.way: told.text for told in lines(taken.stop, place)},
        "code": taken.answered.code,
        "status": taken.answered.status,
        "went_well": taken.went_well,
        "answer": taken.answered.body,
    }


def _asset(text: str) -> Asset:
    if not ASSET.fullmatch(text.upper()):
        raise DemoInvalid(reason=f"{text[:20]!r} is no coin; one is 1 to 16 letters and digits")
    return Asset(text.upper())
