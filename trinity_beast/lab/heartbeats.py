"""What a venue does every so many seconds, and beats that its clients must answer."""

from trinity_beast.lab.connection import Connection


class Metronome:
    """Tells when a beat is due, by the clock: the first one is the first to come, not the moment it was made."""

    def __init__(self, every_ns: int) -> None:
        self._every_ns, self._beat = every_ns, 0

    def is_due(self, now_ns: int) -> bool:
        """Tell whether a beat has come since the last time, and count it as told."""
        beat, before = now_ns // self._every_ns, self._beat
        self._beat = beat
        return before not in {0, beat}


class Questions:
    """Beats with a number that must come back; who leaves `unanswered_most` in a row open has run out of patience."""

    def __init__(self, unanswered_most: int) -> None:
        self._most = unanswered_most
        self._open: dict[int, list[int]] = {}

    def ask(self, connection: Connection, number: int) -> bool:
        """Note a question, and tell whether it may be sent; if not, the client has not answered too often."""
        asked = self._open.setdefault(connection.number, [])
        if len(asked) >= self._most:
            return False
        asked.append(number)
        return True

    def answered(self, connection: Connection, number: object) -> None:
        """Take in an answer. One with a number that is not open counts for nothing."""
        if number in self._open.get(connection.number, ()):
            self.forget(connection)

    def forget(self, connection: Connection) -> None:
        """Drop what is open of a client."""
        self._open.pop(connection.number, None)
