"""Verifying a node: everything public is asked as a stranger asks it, and judged by the contract."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from trinity_beast.ops.verifying.askings import health_askings, public_askings, report_askings
from trinity_beast.ops.verifying.datagrams import prices_by_datagram, reports_by_datagram
from trinity_beast.ops.verifying.errors import NodeUnheard
from trinity_beast.ops.verifying.judging import faults_of, parsed
from trinity_beast.ops.verifying.line import HttpLine
from trinity_beast.ops.verifying.model import NO_KEY, WRONG_KEY, Answer, Asking, Verdict
from trinity_beast.randomness import SecretSource

TRIES_MAX = 6


@dataclass(frozen=True, slots=True)
class Whom:
    """Which node, and with which key. What is not given is not asked."""

    url: str
    health_url: str = ""
    udp: tuple[str, int] | None = None
    reports_url: str = ""
    reports_udp: tuple[str, int] | None = None
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
        yield from self._reports()

    def _datagrams(self) -> Iterator[Verdict]:
        whom = self._whom
        if whom.udp is None:
            yield Verdict("datagrams", "udp", "", skipped="no address for datagrams is known; give one with --udp")
        else:
            yield from prices_by_datagram(whom.udp, whom.asset).verdicts(whom.key, self._wait)

    def _reports(self) -> Iterator[Verdict]:
        whom = self._whom
        if whom.reports_url:
            yield from self._all(HttpLine(whom.reports_url), report_askings())
        else:
            yield Verdict("reports", "GET /reports", "", skipped="no address for reports is known; give one with --reports-url")
        if whom.reports_udp is None:
            yield Verdict("reports: datagrams", "udp", "", skipped="no address for them is known; give one with --reports-udp")
        else:
            yield from reports_by_datagram(whom.reports_udp).verdicts(whom.key, self._wait)

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
            is_awaited = (parsed(answer.body) or {}).get("code") in asking.expected.get(429, ())
            if answer.status != 429 or is_awaited or not tries_left:
                break
            self._wait(_retry_after(answer))
        return answer, request_id


def _shown(asking: Asking) -> str:
    return f"{asking.method} {asking.path}"


def _found(answer: Answer) -> str:
    code = (parsed(answer.body) or {}).get("code", "")
    return f"{answer.status} {code}".strip() if isinstance(code, str) else str(answer.status)


def _retry_after(answer: Answer) -> float:
    told = answer.headers.get("retry-after", "")
    return float(min(60, int(told))) if told.isascii() and told.isdigit() else 1.0
