"""Tiers as data: what makes sense is saved and kept, what does not is refused whole."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.test_admission import KEY
from tests.support.clock import START
from trinity_beast.access import Keys, Tier, TierChanged, TierInUse, TierInvalid, Tiers, TierUnknown, WantedTier
from trinity_beast.access.admission import admission
from trinity_beast.access.engine_gate import policy_of
from trinity_beast.access.features import Features, feature_mistakes, features_of
from trinity_beast.access.tiers import tier_mistakes
from trinity_beast.audit import Signature
from trinity_beast.storage import Database

ADA = Signature("Ada")
TRIAL = WantedTier("trial", Decimal("2.5"), 5, 1_000, 0, {"udp": False, "batch_assets_max": 5}, 60)


def wanted(tier: Tier, **changes: object) -> WantedTier:
    same = WantedTier(
        tier.name, tier.rate_per_second, tier.burst, tier.monthly_quota, tier.report_quota, tier.features.as_json(), tier.key_cache_seconds,
        tier.unlimited,
    )  # fmt: skip
    return replace(same, **changes)  # type: ignore[arg-type]  # Each by its name.


async def test_a_new_tier_is_added_shown_and_removed(database: Database) -> None:
    tiers = Tiers(database)
    saved = await tiers.save(TRIAL, ADA, expected_version=0)
    assert saved.is_changed
    assert await tiers.tier("trial") == saved.tier
    assert (saved.tier.rate_per_second, saved.tier.features, saved.tier.version) == (Decimal("2.500"), Features(batch_assets_max=5), 1)
    await tiers.remove("trial", ADA)
    with pytest.raises(TierUnknown):
        await tiers.tier("trial")
    assert [entry.action for entry in await tiers.history("trial")] == ["removed", "created"]


async def test_a_change_is_kept_with_what_it_was_before(database: Database) -> None:
    tiers = Tiers(database)
    pro = await tiers.tier("pro")
    saved = await tiers.save(wanted(pro, burst=250), Signature("Ada", "a better offer"), expected_version=pro.version)
    assert (saved.tier.burst, saved.tier.version) == (250, pro.version + 1)
    (entry,) = await tiers.history("pro")
    assert (entry.by, entry.reason, entry.before, entry.after) == ("Ada", "a better offer", {"burst": 200}, {"burst": 250})


async def test_saving_what_is_there_changes_nothing(database: Database) -> None:
    tiers = Tiers(database)
    pro = await tiers.tier("pro")
    saved = await tiers.save(wanted(pro), ADA)
    assert (saved.is_changed, saved.tier) == (False, pro)
    assert await tiers.history("pro") == []


async def test_nobody_writes_over_a_change_they_have_not_seen(database: Database) -> None:
    tiers = Tiers(database)
    pro = await tiers.tier("pro")
    await tiers.save(wanted(pro, burst=250), ADA)
    with pytest.raises(TierChanged):
        await tiers.save(wanted(pro, burst=300), ADA, expected_version=pro.version)
    with pytest.raises(TierChanged):
        await tiers.save(TRIAL, ADA, expected_version=3)
    assert (await tiers.tier("pro")).burst == 250


async def test_a_tier_with_keys_is_not_removed_even_when_they_have_ended(database: Database, keys: Keys) -> None:
    tiers = Tiers(database)
    issued = await keys.issue("free", "mine")
    await keys.revoke(issued.key.key_id)
    with pytest.raises(TierInUse) as refused:
        await tiers.remove("free", ADA)
    assert refused.value.facts["keys"] == 1
    with pytest.raises(TierUnknown):
        await tiers.remove("nobody", ADA)


async def test_nonsense_is_refused_whole_with_every_mistake_named(database: Database) -> None:
    nonsense = WantedTier("No Name", Decimal("NaN"), 0, -1, 2**60, {"udp": 1, "fast": True, "batch_assets_max": 0}, 0)
    with pytest.raises(TierInvalid) as refused:
        await Tiers(database).save(nonsense, ADA)
    assert [mistake.location for mistake in refused.value.mistakes] == [
        "tier", "rate_per_second", "burst", "monthly_quota", "report_quota", "key_cache_seconds",
        "features.fast", "features.udp", "features.batch_assets_max",
    ]  # fmt: skip


async def test_the_tiers_there_are_from_the_start_make_sense(database: Database) -> None:
    tiers = await Tiers(database).listing()
    assert {tier.name for tier in tiers} == {"demo", "free", "pro", "enterprise", "unlimited", "lifetime", "partner", "internal"}
    assert [mistake for tier in tiers for mistake in tier_mistakes(wanted(tier))] == []
    demo = next(tier for tier in tiers if tier.name == "demo")
    assert (demo.rate_per_second, demo.unlimited) == (Decimal(3), False)
    assert {tier.name for tier in tiers if tier.unlimited} == {"partner", "internal"}


rates = st.decimals(-1, 2_000_000, places=3) | st.decimals()
counts = st.integers(-5, 2_000_000) | st.integers()
quotas = st.none() | counts


@given(rates, counts, quotas, st.dictionaries(st.sampled_from(["udp", "streams", "batch_assets_max", "x"]), st.booleans() | counts), counts)
def test_whatever_tier_is_let_through_the_engine_can_apply(
    rate: Decimal, burst: int, quota: int | None, features: dict[str, object], seconds: int
) -> None:
    given_tier = WantedTier("trial", rate, burst, quota, quota, features, seconds)
    if not tier_mistakes(given_tier):
        tier = Tier("trial", rate, burst, quota, quota, False, features_of(features), seconds)
        granted = admission(replace(KEY, tier="trial"), tier, now=START)
        policy_of(granted)  # type: ignore[arg-type]  # A live key is granted.


@given(
    st.dictionaries(
        st.text(max_size=12) | st.sampled_from(["udp", "history", "batch_assets_max"]), st.none() | st.booleans() | counts | st.text()
    )
)
def test_features_somebody_wrote_by_hand_are_read_as_far_as_they_make_sense(values: dict[str, object]) -> None:
    read = features_of(values)
    assert feature_mistakes(read.as_json()) == []
    if not feature_mistakes(values):
        assert read.as_json() | values == read.as_json()
