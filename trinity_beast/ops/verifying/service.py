"""Verifying a node: everything public is asked as a stranger asks it, and judged by the contract."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from trinity_beast.ops.verifying.askings import health_askings, public_askings
from trinity_beast.ops.verifying.errors import NodeUnheard
from trinity_beast.ops.verifying.judging import datagram_faults, faults_of, parsed
from trinity_beast.ops.verifying.line import SILENCE_SECONDS, HttpLine, UdpLine
from trinity_beast.ops.verifying.model import Answer, Asking, Verdict
from trinity_beast.randomness import SecretSource

WRONG_KEY = "tb_live_this_key_was_never_issued_to_anybody"
TRIES_MAX = 6
DATAGRAM_BYTES = 400
NO_KEY = "no key is known; give one with --key"


@dataclass(frozen=True, slots=True)
class Whom:
    """Which node, and with which key. What is not given is not asked."""

    url: str
    health_url: str = ""
    udp: tuple[str, int] | None = None
    key: str = field(default="", repr=False)
    asset: str = "BTC"


class Verifier:
    """Asks one thing after the other. A key that asks too fast waits as it is told to, a few times, and goes on."""

    def __init__(self, whom: Whom, secrets: SecretSource, wait: Callable[[float], None]) -> None:
        self._whom, self._secrets, self._wait = whom, secrets, wait

    def verdicts(self) -> Iterator[Verdict]:
        """Ask everything, and tell of each as it is known.

        Raises:
            NodeUnheard: nobody answers at all.
        """
        yield from self._all(HttpLine(self._whom.url), public_askings(self._whom.asset))
        if self._whom.health_url:
            yield from self._all(HttpLine(self._whom.health_url), health_askings())
        yield from self._datagrams()

    def _all(self, line: HttpLine, askings: list[Asking]) -> Iterator[Verdict]:
        is_heard = False
        for asking in askings:
            if asking.key == "own" and not self._whom.key:
                yield Verdict(asking.name, _shown(asking), "", skipped=NO_KEY)
                continue
            try:
                answer, request_id = self._asked(line, asking)
            except NodeUnheard as error:
                if not is_heard:
                    raise
                yield Verdict(asking.name, _shown(asking), "no answer", [str(error.facts["reason"])])
                continue
            is_heard = True
            yield Verdict(asking.name, _shown(asking), _found(answer), faults_of(asking, answer, request_id))

    def _asked(self, line: HttpLine, asking: Asking) -> tuple[Answer, str]:
        """Ask, again when it came too fast, and return the answer with the id the last request gave itself."""
        for tries_left in range(TRIES_MAX - 1, -1, -1):
            request_id = f"verify-{self._secrets.base62(12)}"
            headers = {"X-Request-Id": request_id, **asking.headers}
            if asking.key != "none":
                headers["Authorization"] = f"Bearer {self._whom.key if asking.key == 'own' else WRONG_KEY}"
            answer = line.ask(asking.method, asking.path, headers, asking.body)
            if answer.status != 429 or 429 in asking.expected or not tries_left:
                break
            self._wait(_retry_after(answer))
        return answer, request_id

    def _datagrams(self) -> Iterator[Verdict]:
        if self._whom.udp is None:
            yield Verdict("datagrams", "udp", "", skipped="no address for datagrams is known; give one with --udp")
            return
        line = UdpLine(*self._whom.udp)
        wrong = json.dumps({"key": WRONG_KEY, "asset": self._whom.asset, "id": "w"}).encode()
        came = line.ask(wrong)
        refused = ("KEY_INVALID", "KEY_TRIES_SPENT")
        # Nobody gains by forging a sender: to a wrong key no more comes back than was sent.
        faults = [] if came is None else datagram_faults(wrong, came, codes=refused, asked_id="w", most_times=1)
        yield Verdict("a datagram with a wrong key", "udp", _told(came), faults)
        for name, datagram in (
            ("an empty datagram", b""),
            ("a datagram that is no JSON", b"\x00\xff{"),
            ("too large a datagram", b"{" * 1_300),
        ):
            came = line.ask(datagram, within_seconds=SILENCE_SECONDS)
            yield Verdict(name, "udp", _told(came), [] if came is None else ["it is answered, and should cost nobody anything"])
        if not self._whom.key:
            yield Verdict("a price by datagram", "udp", "", skipped=NO_KEY)
            return
        yield self._price_by_datagram(line)

    def _price_by_datagram(self, line: UdpLine) -> Verdict:
        sent = json.dumps({"key": self._whom.key, "asset": self._whom.asset, "id": "7"}).encode().ljust(DATAGRAM_BYTES)
        came = None
        for _ in range(TRIES_MAX):
            came = line.ask(sent)
            if came is not None and (parsed(came) or {}).get("code") != "RATE_LIMITED":
                break
            self._wait(1.0)
        faults = datagram_faults(sent, came, codes=("OK", "PRICE_STALE", "PRICE_UNAVAILABLE"), asked_id="7")
        return Verdict("a price by datagram", "udp", _told(came), faults)


def _shown(asking: Asking) -> str:
    return f"{asking.method} {asking.path}"


def _found(answer: Answer) -> str:
    code = (parsed(answer.body) or {}).get("code", "")
    return f"{answer.status} {code}".strip() if isinstance(code, str) else str(answer.status)


def _told(came: bytes | None) -> str:
    return "nothing" if came is None else str((parsed(came) or {}).get("code", f"{len(came)} bytes"))


def _retry_after(answer: Answer) -> float:
    told = answer.headers.get("retry-after", "")
    return float(min(60, int(told))) if told.isascii() and told.isdigit() else 1.0
