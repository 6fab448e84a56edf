"""Ports that stay a server's own while it is down: below those the system gives to whoever asks."""

import socket

from trinity_beast.randomness import Dice
from trinity_beast.rehearsal.errors import RehearsalBroken

LEAST, MOST = 20_000, 32_000
TRIES = 50


def spare_port(dice: Dice) -> int:
    """Return a port of 127.0.0.1 that nobody has and that no outgoing connection will be given.

    Raises:
        RehearsalBroken: none was found.
    """
    for _ in range(TRIES):
        port = dice.randint(LEAST, MOST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RehearsalBroken(reason="no port is free")
