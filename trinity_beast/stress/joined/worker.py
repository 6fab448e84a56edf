"""A client that has joined: it takes its share of every step until it is let go."""

import socket
from urllib.parse import urlsplit

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.stress.crew import Stopped
from trinity_beast.stress.errors import StressClientLost, StressJoinRefused
from trinity_beast.stress.generator import Generator
from trinity_beast.stress.joined.messages import Begin, Broken, Done, FoundOut, Join, Leave, Prepare, Refused, Stands, Stop, Take, Welcome
from trinity_beast.stress.joined.wire import Wire, WireBroken
from trinity_beast.stress.model import Progress, Step
from trinity_beast.version import VERSION

CONNECT_SECONDS = 10.0
WELCOME_SECONDS = 20.0
WAIT_SECONDS = 0.5
"""How long a wait is until it is looked whether somebody wants the end."""
BEGIN_SECONDS = 120.0
"""The others may have far to go, or many connections to make."""


class Worker:
    """Takes its share of every step."""

    def __init__(self, generator: Generator, clock: Clock) -> None:
        self._generator, self._clock = generator, clock

    def join(self, url: str, *, token: str, name: str) -> tuple[Wire, Welcome]:
        """Join the stress test whose coordinator listens at `url`.

        Raises:
            StressJoinRefused: it cannot be reached, or lets nobody in.
        """
        try:
            parts = urlsplit(url)
            if parts.scheme != "tcp" or not parts.hostname or not parts.port:
                raise StressJoinRefused(url=url[:200], reason="it is no tcp://HOST:PORT")
            wire = Wire(socket.create_connection((parts.hostname, parts.port), CONNECT_SECONDS), self._clock)
        except (OSError, ValueError) as error:
            raise StressJoinRefused(url=url[:200], reason=str(error)) from error
        try:
            wire.say(Join(token, VERSION, name[:100]))
            answer = wire.hear(WELCOME_SECONDS)
        except WireBroken as error:
            wire.close()
            raise StressJoinRefused(url=url, reason=str(error)) from error
        if isinstance(answer, Welcome):
            return wire, answer
        wire.close()
        raise StressJoinRefused(url=url, reason=answer.reason if isinstance(answer, Refused) else "it is no coordinator")

    def serve(self, wire: Wire, *, stopped: Stopped) -> int:
        """Take every step until let go, or told to stop; how many were taken.

        Raises:
            StressClientLost: the coordinator is gone.
        """
        taken = 0
        try:
            while not stopped():
                message = self._next(wire, stopped)
                match message:
                    case Prepare(steps):
                        self._prepare(wire, steps)
                    case Take(step):
                        taken += self._take(wire, step, stopped)
                    case Leave() | None:
                        break
                    case Stop():
                        pass  # Of a step that had ended meanwhile.
                    case _:
                        raise WireBroken("it spoke out of turn")
        except WireBroken as error:
            raise StressClientLost(client="the coordinator", reason=str(error)) from error
        finally:
            wire.close()
        return taken

    def _next(self, wire: Wire, stopped: Stopped) -> object:
        while not stopped():
            message = wire.waited(WAIT_SECONDS)
            if message is not None:
                return message
        return None

    def _prepare(self, wire: Wire, steps: list[Step]) -> None:
        try:
            self._generator.prepare(steps)
        except TrinityError as error:
            wire.say(_broken(error))
        else:
            wire.say(Done())

    def _take(self, wire: Wire, step: Step, stopped: Stopped) -> bool:
        heard_stop = False

        def ends() -> bool:
            nonlocal heard_stop
            message = wire.waited(0)
            if isinstance(message, Leave):
                raise WireBroken("it left in the middle of a step")
            heard_stop = heard_stop or isinstance(message, Stop)
            return heard_stop or stopped()

        def tell(progress: Progress) -> None:
            wire.say(Stands(progress))

        try:
            load = self._generator.connect(step, stopped=stopped)
        except TrinityError as error:
            wire.say(_broken(error))
            return False
        try:
            wire.say(Done())
            message = wire.hear(BEGIN_SECONDS)
            if not isinstance(message, Begin):
                raise WireBroken("the stress test ended before it began")
            wire.say(FoundOut(self._generator.ask(load, watch=tell, stopped=ends)))
        finally:
            load.stop()
        return True


def _broken(error: TrinityError) -> Broken:
    return Broken(error.code, ", ".join(f"{name}: {value}" for name, value in error.facts.items())[:500])
