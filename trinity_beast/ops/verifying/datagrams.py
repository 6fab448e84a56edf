"""Everything that is asked of a port for datagrams: what a wrong key hears, what nobody should hear, and what was asked for."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trinity_beast.ops.verifying.judging import DATAGRAM, SUM, datagram_faults, parsed
from trinity_beast.ops.verifying.line import SILENCE_SECONDS, UdpLine
from trinity_beast.ops.verifying.model import NO_KEY, WRONG_KEY, Verdict

TRIES_MAX = 6
DATAGRAM_BYTES = 400
TOO_LARGE_BYTES = 1_300


@dataclass(frozen=True, slots=True)
class DatagramPort:
    """Where datagrams are answered, what is asked there, by which codes it may be answered, and what is in it when granted."""

    wanted: str
    """What is asked for, in words."""
    place: tuple[str, int]
    question: Mapping[str, object]
    codes: Sequence[str]
    fields: Sequence[str]
    prefix: str = field(default="", kw_only=True)

    def verdicts(self, key: str, wait: Callable[[float], None]) -> Iterator[Verdict]:
        """Ask everything, and tell of each as it is known. Without a key, nothing is asked that needs one."""
        line = UdpLine(*self.place)
        wrong = json.dumps({"key": WRONG_KEY, **self.question, "id": "w"}).encode()
        came = line.ask(wrong)
        refused = ("KEY_INVALID", "KEY_TRIES_SPENT")
        # Nobody gains by forging a sender: to a wrong key no more comes back than was sent.
        faults = [] if came is None else datagram_faults(wrong, came, codes=refused, asked_id="w", most_times=1)
        yield Verdict(f"{self.prefix}a datagram with a wrong key", "udp", _told(came), faults)
        for name, datagram in (
            ("an empty datagram", b""),
            ("a datagram that is no JSON", b"\x00\xff{"),
            ("too large a datagram", b"{" * TOO_LARGE_BYTES),
        ):
            came = line.ask(datagram, within_seconds=SILENCE_SECONDS)
            faults = [] if came is None else ["it is answered, and should cost nobody anything"]
            yield Verdict(f"{self.prefix}{name}", "udp", _told(came), faults)
        yield self._granted(line, key, wait) if key else Verdict(self.wanted, "udp", "", skipped=NO_KEY)

    def _granted(self, line: UdpLine, key: str, wait: Callable[[float], None]) -> Verdict:
        sent = json.dumps({"key": key, **self.question, "id": "7"}).encode().ljust(DATAGRAM_BYTES)
        came = None
        for _ in range(TRIES_MAX):
            came = line.ask(sent)
            if came is not None and (parsed(came) or {}).get("code") != "RATE_LIMITED":
                break
            wait(1.0)
        return Verdict(self.wanted, "udp", _told(came), datagram_faults(sent, came, codes=self.codes, asked_id="7", fields=self.fields))


def prices_by_datagram(place: tuple[str, int], asset: str) -> DatagramPort:
    """Return what is asked of the port for prices."""
    return DatagramPort("a price by datagram", place, {"asset": asset}, ("OK", "PRICE_STALE", "PRICE_UNAVAILABLE"), DATAGRAM)


def reports_by_datagram(place: tuple[str, int]) -> DatagramPort:
    """Return what is asked of the port for reports."""
    codes = ("OK", "TIER_FORBIDS", "KEY_FORBIDS", "REPORT_QUOTA_SPENT")
    return DatagramPort("a summary by datagram", place, {"since": "1d"}, codes, SUM, prefix="reports: ")


def _told(came: bytes | None) -> str:
    return "nothing" if came is None else str((parsed(came) or {}).get("code", f"{len(came)} bytes"))
