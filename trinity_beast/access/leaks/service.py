"""Every use case of leaks: whom to believe, what to do with what they found, and what to tell them."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from trinity_beast.access import store as keys_store
from trinity_beast.access.digests import Digests
from trinity_beast.access.errors import RateLimited, ReporterInvalid, ReporterUnknown
from trinity_beast.access.key_format import kind_of
from trinity_beast.access.leaks import store
from trinity_beast.access.leaks.model import Finding, Label, Leak, Reporter
from trinity_beast.access.leaks.pace import Pace
from trinity_beast.access.leaks.signatures import is_public_key, is_signed
from trinity_beast.access.model import Key, KeyState, Kind, OnLeak
from trinity_beast.access.parameters import LEAK_REPORTS_PER_MINUTE, LEAK_WRONG_PER_MINUTE
from trinity_beast.access.service import Told
from trinity_beast.audit import Signature, expect_version, sign
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database
from trinity_beast.web import RequestInvalid

FINDINGS_MAX = 1_000
TEXT_CHARACTERS_MAX = 2_000
NAME_CHARACTERS_MAX = 100
REVOKED = "revoked"
PUBLIC_BY_NATURE = frozenset([Kind.DEMO, Kind.URL])
"""Kinds that stand in addresses and pages on purpose: to find one is no leak."""

_log = get_log("access")


class _Told(msgspec.Struct, frozen=True):
    """A finding as it is sent. What else is sent beside these is passed over."""

    token: str
    type: str = ""
    url: str = ""
    source: str = ""


class Leaks:
    """What is reported by those we know is acted upon by each key's own policy: revoked at once, or only noted."""

    def __init__(
        self, database: Database, digests: Digests, clock: Clock, told: Told | None = None, readings: Readings | None = None
    ) -> None:
        self._database, self._digests, self._clock, self._told = database, digests, clock, told
        readings = readings or Readings()
        reports, wrong = readings.of(LEAK_REPORTS_PER_MINUTE), readings.of(LEAK_WRONG_PER_MINUTE)
        self._reports = Pace(clock, most=lambda: reports.value, window_seconds=60)
        self._wrong = Pace(clock, most=lambda: wrong.value, window_seconds=60)

    async def report(self, body: bytes, *, identifier: str, signature: str, address: str) -> Sequence[Label]:
        """Act upon a signed report and tell for each finding whether it was ever a key of ours.

        Nothing else is told of any key: neither whose it is nor what became of it.

        Raises:
            ReporterUnknown: nobody of that identifier is believed, or the signature is not theirs.
            RateLimited: the reporter reports, or the address guesses, more often than is listened to.
            RequestInvalid: the report is no list of findings, or holds more than a thousand.
        """
        reporter = await self._reporter(body, identifier, signature, address)
        findings = _findings(body)
        digests = {finding.token: self._digests.digest_of(finding.token) for finding in findings if _may_leak(finding.token)}
        by = Signature(f"{reporter.name} (leak report)", "found where it should not be", "leaked")
        async with self._database.transaction() as tx:
            await sign(tx, by)
            found = await keys_store.keys_by_digest(tx, set(digests.values())) if digests else {}
            changed = []
            for finding in findings:
                known = found.get(digests.get(finding.token, b""))
                if known is None:
                    continue
                key, now = known[0], self._clock.now()
                action = _action(key, now)
                if await store.note_leak(tx, _leak(key, finding, reporter, action, now)):
                    await store.mark_leaked(tx, key.key_id, at=now)
                    if action == REVOKED:
                        await keys_store.revoke_key(tx, key.key_id, at=now)
                        changed.append(key.digest)
        for digest in dict.fromkeys(changed):
            if self._told is not None:
                await self._told.key_changed(digest)
        _log.warning("leaked keys reported", reporter=reporter.identifier, findings=len(findings), keys=len(found), changed=len(changed))
        return [_label(finding, is_key=digests.get(finding.token) in found) for finding in findings]

    async def trust(
        self, identifier: str, name: str, public_key: str, by: Signature, *, expected_version: int | None = None
    ) -> Reporter:  # fmt: skip
        """Believe a reporter from now on; one of that identifier gets another name and key.

        Raises:
            ChangedMeanwhile: one of that identifier is not at the version expected (0: there is none yet).
            ReporterInvalid: the identifier or name is empty or too long, or the key is no public key on P-256 in PEM.
        """
        for what, text in (("identifier", identifier), ("name", name)):
            if not (0 < len(text) <= NAME_CHARACTERS_MAX and text.isprintable() and text.strip()):
                raise ReporterInvalid(reason=f"the {what} is 1 to {NAME_CHARACTERS_MAX} printable characters")
        if "\x00" in public_key or not is_public_key(public_key):
            raise ReporterInvalid(reason="the key is no public key on the curve P-256 in PEM")
        reporter = Reporter(identifier, name, public_key.strip(), self._clock.now())
        async with self._database.transaction() as tx:
            await sign(tx, by)
            await expect_version(tx, store.AUDITED_AS, identifier, expected_version)
            return await store.save_reporter(tx, reporter)

    async def distrust(self, identifier: str, by: Signature) -> None:
        """Believe a reporter no more.

        Raises:
            ReporterUnknown: there is none of that identifier.
        """
        async with self._database.transaction() as tx:
            await sign(tx, by)
            if not await store.remove_reporter(tx, identifier):
                raise ReporterUnknown(identifier=identifier)

    async def reporters(self) -> Sequence[Reporter]:
        """Return whom we believe."""
        async with self._database.transaction() as tx:
            return await store.reporters(tx)

    async def listing(self, *, before: int | None = None, limit: int = 50) -> Sequence[Leak]:
        """Return the leaks, the newest first."""
        async with self._database.transaction() as tx:
            return await store.leaks(tx, before=before, limit=limit)

    async def _reporter(self, body: bytes, identifier: str, signature: str, address: str) -> Reporter:
        wait = self._wrong.wait_seconds(address) or self._reports.wait_seconds(identifier)
        if wait:
            raise RateLimited(retry_after_seconds=wait)
        reporter = None
        if 0 < len(identifier) <= NAME_CHARACTERS_MAX and identifier.isprintable():
            async with self._database.transaction() as tx:
                reporter = await store.reporter(tx, identifier)
        if reporter is None or not is_signed(body, signature, reporter.public_key):
            self._wrong.note(address)
            _log.warning("leak report refused", address=address)
            raise ReporterUnknown
        self._reports.note(identifier)
        return reporter


def _action(key: Key, now: datetime) -> str:
    """Return what becomes of a key that was found."""
    if key.state(now) in {KeyState.REVOKED, KeyState.EXPIRED}:
        return "ended"
    return REVOKED if key.on_leak is OnLeak.REVOKE else "noted"


def _leak(key: Key, finding: Finding, reporter: Reporter, action: str, now: datetime) -> dict[str, object]:
    where = {"url": finding.url, "source": finding.source}
    return {"key_id": key.key_id, "reported_at": now, "reporter": reporter.name, "action": action, **where}


def _may_leak(token: str) -> bool:
    kind = kind_of(token)
    return kind is not None and kind not in PUBLIC_BY_NATURE


def _findings(body: bytes) -> Sequence[Finding]:
    try:
        told = msgspec.json.decode(body, type=list[_Told])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RequestInvalid(reason="a report is a JSON list of objects with token, type, url and source", location="body") from error
    if len(told) > FINDINGS_MAX:
        raise RequestInvalid(reason=f"{len(told)} findings were reported, {FINDINGS_MAX} at once are listened to", location="body")
    return [Finding(each.token, _plain(each.type), _plain(each.url), _plain(each.source)) for each in told]


def _plain(text: str) -> str:
    """Return a stranger's text as it may be kept and shown."""
    return "".join(character for character in text if character.isprintable())[:TEXT_CHARACTERS_MAX]


def _label(finding: Finding, *, is_key: bool) -> Label:
    octets = hashlib.sha256(finding.token.encode(errors="surrogatepass")).digest()
    return Label(base64.b64encode(octets).decode(), finding.kind, is_key)
