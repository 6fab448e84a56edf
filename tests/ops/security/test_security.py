"""Who should not come in, as one look tells it: from the database where it is there, and without it all the same."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from tests.ops.gate import DIGESTS, operators
from tests.support.admin import ADMIN_SECRET, Admin
from tests.support.clock import ManualClock
from tests.support.randomness import SeededSecrets
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminPlaceForbidden, Blocklist, Keys, Leaks, Operators
from trinity_beast.access.routes import operation
from trinity_beast.ops import KnownOfIntruders, Security
from trinity_beast.ops.doctor import Diagnosis, Standing
from trinity_beast.ops.security.routes import security_routes
from trinity_beast.ops.security.shown import security_shown
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database

WRONG = [("10.0.0.1", "http", 30, 41.5), ("2001:db8::/64", "udp", 2, 0.0)]
OFFICE_ONLY = {"admin_networks": "192.0.2.0/24"}


@dataclass(frozen=True)
class Guarded:
    """A node's look at intruders, and who asks it."""

    admin: Admin
    gate: Operators
    keys: Keys
    blocklist: Blocklist


def looking(database: Database, clock: ManualClock) -> tuple[Security, Operators, Keys, Blocklist]:
    gate, keys = operators(Readings(OFFICE_ONLY)), Keys(database, DIGESTS, clock, SeededSecrets())
    blocklist = Blocklist(database, clock)
    known = KnownOfIntruders(
        wrong_keys=lambda most: WRONG[:most],
        counted=lambda: {"keys_refused": 7, "blocked_refused": 0, "tcp_requests": 99},
        secrets=lambda: {"admin key": clock.now() - timedelta(days=400), "server secret": None},
        certificates=lambda: [Diagnosis("certificate ca.pem", Standing.WEAK, "it ends soon", "renew it")],
    )
    security = Security(known, gate, blocklist, Leaks(database, DIGESTS, clock), keys=keys, clock=clock)
    return security, gate, keys, blocklist


@pytest.fixture
async def guarded(database: Database, clock: ManualClock) -> AsyncIterator[Guarded]:
    security, gate, keys, blocklist = looking(database, clock)
    async with serving(small_app([security_routes(security, operator=operation(gate))])) as port:
        yield Guarded(Admin(port), gate, keys, blocklist)


async def told_by(guarded: Guarded) -> dict[str, Any]:
    told: dict[str, Any] = (await guarded.admin.get("/admin/security")).data
    return told


async def test_everything_is_told_in_one_look(guarded: Guarded, clock: ManualClock) -> None:
    await guarded.keys.issue("pro", "old")
    clock.advance(timedelta(days=91))
    await guarded.keys.issue("pro", "young")
    await guarded.keys.revoke((await guarded.keys.listing())[-1].key_id)
    await guarded.blocklist.block("203.0.113.0/24", reason="scans", by="Ada", seconds=60, own="127.0.0.1")
    await Admin(guarded.admin.port, "a guess").get("/admin/security")
    with pytest.raises(AdminPlaceForbidden):
        guarded.gate.admit(ADMIN_SECRET, address="203.0.113.7")
    told = await told_by(guarded)

    assert [(one["network"], one["over"], one["wrong_keys"], one["paused_seconds"]) for one in told["wrong_keys"]] == WRONG
    assert [(one["network"], one["wrong_keys"], one["is_shut_out"]) for one in told["admin_guesses"]] == [("127.0.0.1", 1, False)]
    assert told["admin_turned_away"] == {"missing": 0, "wrong": 1, "shut_out": 0, "elsewhere": 1}
    assert told["refused"] == {"keys_refused": 7, "blocked_refused": 0}
    assert [(one["network"], one["reason"]) for one in told["blocks"]] == [("203.0.113.0/24", "scans")]
    keys = told["keys"]
    assert (keys["live"], keys["ended"], keys["idle"], keys["leaked"], keys["ending"]) == (1, 1, 1, 0, 0)
    assert datetime.fromisoformat(keys["oldest_at"]) == clock.now() - timedelta(days=91)
    assert [(one["secret"], one["days"]) for one in told["secrets"]] == [("admin key", 400), ("server secret", None)]
    assert told["certificates"] == [{"certificate": "ca.pem", "standing": "weak", "told": "it ends soon", "fix": "renew it"}]


async def test_a_key_that_ends_soon_is_counted_so(guarded: Guarded, clock: ManualClock) -> None:
    await guarded.keys.issue("pro", "short", expires_at=clock.now() + timedelta(days=29))
    await guarded.keys.issue("pro", "long", expires_at=clock.now() + timedelta(days=31))

    assert (await told_by(guarded))["keys"]["ending"] == 1


async def test_while_the_database_is_away_what_the_node_knows_is_told(clock: ManualClock) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    security, gate, *_ = looking(away, clock)
    async with serving(small_app([security_routes(security, operator=operation(gate))])) as port:
        told = (await Admin(port).get("/admin/security")).data
    await away.close()

    assert (told["blocks"], told["leaks"], told["keys"]) == (None, None, None)
    assert len(told["wrong_keys"]) == 2
    assert shown(told).count("The database does not answer.") == 2


def shown(told: dict[str, Any], width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(security_shown(told))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 200])
async def test_it_is_shown_on_a_terminal_without_a_line_too_wide(guarded: Guarded, width: int) -> None:
    page = shown(await told_by(guarded), width)

    assert "for 42 s" in page
    assert "may be forged" in page
    assert all(len(line) <= width for line in page.splitlines())


async def test_strangers_learn_nothing(guarded: Guarded) -> None:
    assert (await Admin(guarded.admin.port, None).get("/admin/security")).code == "ADMIN_KEY_MISSING"
