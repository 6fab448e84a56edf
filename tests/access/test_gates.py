"""The stand-in of the engine's gate and the engine itself, held to the same contract."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from tests.support.gate import FakeGate
from trinity_beast.access import Digests, EngineGate, Gate, Grant
from trinity_beast.access.key_format import with_checksum
from trinity_beast.engine import Clock, Engine, Limits

SERVER_SECRET = bytes(range(32))
SECRET = with_checksum("tb_live_" + "0" * 32)
NOW = datetime(2026, 11, 20, 7, 40, tzinfo=UTC)
GRANT = Grant(
    key_id=7,
    tier="free",
    rate_per_second=10.0,
    burst=20,
    quota=100,
    quota_left=60,
    quota_resets_at=datetime(2026, 12, 1, tzinfo=UTC),
    ends_at=None,
    unlimited=False,
    udp=True,
    in_url=False,
    cache_seconds=300,
)


@dataclass(frozen=True)
class Trial:
    """A gate, and a way to be its callers."""

    gate: Gate
    spend: Callable[[int], None]


def real_engine() -> Engine:
    clock = Clock.manual(round(NOW.timestamp()) * 1_000_000_000, 1_000_000_000_000)
    return Engine(
        node="n", region="r", version="1", digest_secret=SERVER_SECRET, spool_directory=None, threads=1, clock=clock, limits=Limits()
    )


@pytest.fixture
def digest() -> bytes:
    return Digests(SERVER_SECRET).digest_of(SECRET)


@pytest.fixture(params=["stand-in", "engine"])
def trial(request: pytest.FixtureRequest, digest: bytes) -> Trial:
    if request.param == "stand-in":
        fake = FakeGate()
        return Trial(fake, lambda requests: fake.spend(digest, requests))
    engine = real_engine()

    def spend(requests: int) -> None:
        for _ in range(requests):
            assert (engine.keys.take(SECRET).code, engine.keys.charge(SECRET).code) == ("OK", "OK")

    return Trial(EngineGate(engine.keys), spend)


def left(trial: Trial, digest: bytes) -> tuple[int, int | None] | None:
    standing = trial.gate.standing(digest)
    return None if standing is None else (standing.tokens_left, standing.quota_left)


def test_the_engine_knows_keys_by_the_digests_the_store_does() -> None:
    assert real_engine().keys.digest_of(SECRET) == Digests(SERVER_SECRET).digest_of(SECRET)


def test_an_admitted_key_stands_with_all_it_was_granted(trial: Trial, digest: bytes) -> None:
    assert left(trial, digest) is None
    trial.gate.admit(digest, GRANT)
    assert left(trial, digest) == (20, 60)


def test_a_key_admitted_again_keeps_its_level_and_its_count(trial: Trial, digest: bytes) -> None:
    trial.gate.admit(digest, GRANT)
    trial.spend(5)
    trial.gate.admit(digest, replace(GRANT, quota_left=60))
    assert left(trial, digest) == (15, 55)


def test_a_new_month_brings_its_own_count(trial: Trial, digest: bytes) -> None:
    trial.gate.admit(digest, GRANT)
    trial.spend(5)
    trial.gate.admit(digest, replace(GRANT, quota_left=100, quota_resets_at=datetime(2027, 1, 1, tzinfo=UTC)))
    assert left(trial, digest) == (15, 100)


def test_a_key_without_a_quota_has_none_left(trial: Trial, digest: bytes) -> None:
    trial.gate.admit(digest, replace(GRANT, quota=None, quota_left=0))
    trial.spend(3)
    assert left(trial, digest) == (17, None)


def test_a_refused_key_stands_no_more_and_may_be_let_in_again(trial: Trial, digest: bytes) -> None:
    trial.gate.admit(digest, GRANT)
    trial.gate.refuse(digest, "KEY_REVOKED", seconds=300.0)
    assert left(trial, digest) is None
    trial.gate.admit(digest, GRANT)
    assert left(trial, digest) == (20, 60)


@pytest.mark.parametrize("code", ["KEY_INVALID", "KEY_REVOKED", "KEY_EXPIRED"])
def test_forgetting_tells_whether_anything_was_known(trial: Trial, digest: bytes, code: str) -> None:
    assert not trial.gate.forget(digest)
    trial.gate.admit(digest, GRANT)
    assert trial.gate.forget(digest)
    trial.gate.refuse(digest, code, seconds=30.0)
    assert trial.gate.forget(digest)
    assert not trial.gate.forget(digest)
