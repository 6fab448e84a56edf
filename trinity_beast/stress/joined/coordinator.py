"""The coordinator: it asks nothing itself."""

import hmac
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trinity_beast.clock import Clock
from trinity_beast.stress.crew import Stopped, Watcher
from trinity_beast.stress.errors import StressClientLost, StressPlanInvalid
from trinity_beast.stress.figures import Found, merged
from trinity_beast.stress.joined.messages import Begin, Broken, Done, FoundOut, Join, Leave, Prepare, Refused, Stands, Stop, Take, Welcome
from trinity_beast.stress.joined.shares import shares, together
from trinity_beast.stress.joined.wire import SECOND_NS, Wire, WireBroken, readable
from trinity_beast.stress.model import Progress, Step
from trinity_beast.version import VERSION

CLIENTS_MAX = 64
JOIN_SECONDS = 5.0
"""From a client's connection to its first word."""
PREPARE_SECONDS = 20.0
CONNECT_SECONDS = 60.0
SILENT_SECONDS = 20.0
"""A client that asks says how it stands five times a second."""
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Client:
    number: int
    name: str
    wire: Wire


class Coordinator:
    """Many clients that have joined, as one crew."""

    def __init__(self, listener: socket.socket, clock: Clock) -> None:
        self._listener, self._clock = listener, clock
        self._clients: list[_Client] = []

    @classmethod
    def listening(cls, host: str, port: int, clock: Clock) -> "Coordinator":
        """Return one that listens for clients.

        Raises:
            StressPlanInvalid: it cannot listen there.
        """
        try:
            return cls(
                socket.create_server((host, port), backlog=CLIENTS_MAX, family=socket.AF_INET6 if ":" in host else socket.AF_INET), clock
            )
        except OSError as error:
            raise StressPlanInvalid(reason=f"nobody can join at {host}:{port}: {error}") from error

    @property
    def clients(self) -> int:
        """Return how many have joined."""
        return max(1, len(self._clients))

    @property
    def url(self) -> str:
        """Return where clients join."""
        host, port = self._listener.getsockname()[:2]
        return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"

    def gather(self, count: int, token: str, *, joined: Callable[[str, int], None], stopped: Stopped) -> bool:
        """Wait until so many clients have joined, and let no more in; whether they have, or somebody wanted the end first.

        `joined` is told the name of each, and how many there are. Who does not know the token is turned away.
        """
        while len(self._clients) < count:
            if stopped():
                return False
            if readable([self._listener], within_seconds=LOOK_SECONDS):
                client = self._let_in(token, count)
                if client is not None:
                    self._clients.append(client)
                    joined(client.name, len(self._clients))
        self._listener.close()
        return True

    def _let_in(self, token: str, count: int) -> _Client | None:
        line, address = self._listener.accept()
        wire = Wire(line, self._clock)
        try:
            asked = wire.hear(JOIN_SECONDS)
            reason = _refusal(asked, token)
            if reason:
                wire.say(Refused(reason))
            elif isinstance(asked, Join):
                wire.say(Welcome(len(self._clients) + 1, count))
                return _Client(len(self._clients), f"{asked.name} ({address[0]})", wire)
        except WireBroken:
            pass  # Whoever it was has gone; another may come.
        wire.close()
        return None

    def prepare(self, steps: Sequence[Step]) -> None:
        """Have every client find out whether it can take its share of all steps.

        Raises:
            StressPlanInvalid: a client may not, or cannot.
            StressClientLost: a client left.
        """
        parts = [shares(step, len(self._clients)) for step in steps]
        for place, client in enumerate(self._clients):
            self._say(client, Prepare([own for part in parts if (own := part[place]) is not None]))
        for client in self._clients:
            self._expect(client, Done, PREPARE_SECONDS)

    def perform(self, step: Step, *, watch: Watcher, stopped: Stopped) -> Found:
        """Take a step with all clients at once, and return what they found together.

        Raises:
            StressClientLost: a client left, or could not; the others were told to stop.
        """
        parts = shares(step, len(self._clients))
        asking = [(client, part) for client, part in zip(self._clients, parts, strict=True) if part is not None]
        for client, part in asking:
            self._say(client, Take(part))
        for client, _ in asking:
            self._expect(client, Done, CONNECT_SECONDS)
        for client, _ in asking:
            self._say(client, Begin())
        return merged(self._gathered([client for client, _ in asking], watch, stopped))

    def _gathered(self, asking: Sequence[_Client], watch: Watcher, stopped: Stopped) -> Sequence[Found]:
        stands: dict[int, Progress] = {}
        found: dict[int, Found] = {}
        heard_ns = {client.number: self._clock.monotonic_ns() for client in asking}
        was_stopped = False
        while len(found) < len(asking):
            if stopped() and not was_stopped:
                was_stopped = True
                for client in asking:
                    self._say(client, Stop())
            waiting = [client for client in asking if client.number not in found]
            ready = readable([client.wire for client in waiting], within_seconds=LOOK_SECONDS)
            for client in waiting:
                if client.wire in ready:
                    heard_ns[client.number] = self._clock.monotonic_ns()
                    self._take_words(client, stands, found)
                elif self._clock.monotonic_ns() - heard_ns[client.number] > SILENT_SECONDS * SECOND_NS:
                    raise StressClientLost(client=client.name, reason=f"silent for {SILENT_SECONDS:.0f} s")
            watch(together(list(stands.values())))
        return list(found.values())

    def _take_words(self, client: _Client, stands: dict[int, Progress], found: dict[int, Found]) -> None:
        try:
            message = client.wire.waited(0)
            while message is not None:
                match message:
                    case Stands(progress):
                        stands[client.number] = progress
                    case FoundOut(figures):
                        found[client.number] = figures
                    case Broken(code, reason):
                        raise StressClientLost(client=client.name, reason=f"{code}: {reason}")
                    case _:
                        raise WireBroken("it spoke out of turn")
                message = client.wire.heard()
        except WireBroken as error:
            raise StressClientLost(client=client.name, reason=str(error)) from error

    def _say(self, client: _Client, message: Prepare | Take | Begin | Stop | Leave) -> None:
        try:
            client.wire.say(message)
        except WireBroken as error:
            raise StressClientLost(client=client.name, reason=str(error)) from error

    def _expect(self, client: _Client, what: type[Done], within_seconds: float) -> None:
        try:
            message = client.wire.hear(within_seconds)
        except WireBroken as error:
            raise StressClientLost(client=client.name, reason=str(error)) from error
        if isinstance(message, Broken):
            raise StressClientLost(client=client.name, reason=f"{message.code}: {message.reason}")
        if not isinstance(message, what):
            raise StressClientLost(client=client.name, reason="it spoke out of turn")

    def close(self) -> None:
        """Let the clients go; those still asking stop, for their coordinator is gone."""
        for client in self._clients:
            try:
                client.wire.say(Leave())
            except WireBroken:
                pass
            finally:
                client.wire.close()
        self._clients = []
        self._listener.close()


def _refusal(asked: object, token: str) -> str:
    """Return why somebody may not join; empty where they may."""
    if not isinstance(asked, Join) or not hmac.compare_digest(asked.token.encode(), token.encode()):
        return "the token is not the one of this stress test"
    if asked.program != VERSION:
        return f"the coordinator runs version {VERSION}, the client {asked.program}"
    return ""
