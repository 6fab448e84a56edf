"""Feed rows changed through the service, on a real database."""

import asyncio

import pytest
import sqlalchemy as sa

from tests.support.admin import editor_of
from tests.support.feeds import dice, row_values
from tests.support.rest import FakeRest, rest_row
from trinity_beast.clock import SystemClock
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.feeds import Change, FeedEditor, Feeds, Looks, RestTrial, RowInvalid, Trial
from trinity_beast.feeds.errors import FeedTryFailed, ReasonMissing, VenueUnknown, VersionUnknown
from trinity_beast.feeds.tables import exchange_feeds
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database

ADA = Change("Ada (127.0.0.1)", "because")


def no_feeds() -> Feeds:
    return Feeds([], [], lambda _: None, clock=SystemClock(), dice=dice())


@pytest.fixture
def editor(database: Database) -> FeedEditor:
    return editor_of(database, no_feeds())


def off(venue: str = "bitstamp", **changes: object) -> dict[str, object]:
    return row_values(venue, enabled=False, **changes)


async def test_a_fresh_database_has_every_venue_as_the_migrations_left_it(editor: FeedEditor) -> None:
    listed = {listing.stored.venue: listing for listing in await editor.listing()}
    assert len(listed) == 11
    assert {listing.stored.version for listing in listed.values()} == {1}
    coinbase = listed["coinbase"]
    assert (coinbase.assets, coinbase.assets_enabled, coinbase.assets_prewarmed) == (26, 26, 25)
    assert coinbase.invalid is None
    assert [version.changed_by for version in await editor.history("bitstamp")] == ["migration"]


async def test_a_saved_row_is_kept_with_who_when_why_and_what_it_was(editor: FeedEditor) -> None:
    saved = await editor.save(off(display_name="Bitstamp Pro"), ADA)
    assert (saved.stored.version, saved.stored.values["display_name"], saved.tried) == (2, "Bitstamp Pro", None)
    newest = (await editor.history("bitstamp"))[0]
    assert (newest.number, newest.changed_by, newest.reason, newest.is_forced) == (2, "Ada (127.0.0.1)", "because", False)
    assert newest.changed_columns == ("display_name",)
    assert newest.before == off()
    assert newest.after == off(display_name="Bitstamp Pro")


async def test_saving_what_is_there_already_makes_no_version(editor: FeedEditor) -> None:
    assert (await editor.save(off(), ADA)).stored.version == 1


async def test_a_new_venue_begins_at_version_one(editor: FeedEditor) -> None:
    assert (await editor.save(off() | {"venue": "newcomer"}, Change("Ada", expected_version=0))).stored.version == 1
    assert (await editor.history("newcomer"))[0].before is None


async def test_a_row_changed_by_hand_is_kept_too(editor: FeedEditor, database: Database) -> None:
    await editor.save(off(display_name="K"), ADA)
    async with database.transaction() as tx:
        await tx.execute(sa.update(exchange_feeds).where(exchange_feeds.c.venue == "bitstamp").values(display_name="by hand"))
    newest = (await editor.history("bitstamp"))[0]
    assert (newest.number, newest.reason) == (3, "changed in the database")
    assert newest.changed_by != ADA.by


async def test_a_row_that_breaks_the_grammar_is_refused_with_every_mistake(editor: FeedEditor) -> None:
    with pytest.raises(RowInvalid) as refusal:
        await editor.save(off(price_path="a..b", time_format="unix_mss"), ADA)
    assert [mistake.location for mistake in refusal.value.mistakes] == ["row.price_path", "row.time_format"]
    assert refusal.value.mistakes[0].facts["character"] == 3
    assert (await editor.history("bitstamp"))[0].number == 1


async def test_of_two_who_change_the_same_version_the_second_is_refused(editor: FeedEditor) -> None:
    await editor.save(off(display_name="first"), Change("Ada", expected_version=1))
    with pytest.raises(ChangedMeanwhile) as refusal:
        await editor.save(off(display_name="second"), Change("Bob", expected_version=1))
    assert refusal.value.facts == {"row": "The feed row of bitstamp", "expected_version": 1, "version": 2}
    with pytest.raises(ChangedMeanwhile):
        await editor.save(off() | {"venue": "newcomer"}, Change("Bob", expected_version=1))


async def test_of_two_who_change_a_row_at_once_one_wins(own_database: Database) -> None:
    editors = [editor_of(own_database, no_feeds()) for _ in range(2)]
    wanted = [off(display_name=name) for name in ("first", "second")]
    attempts = [editor.save(row, Change("Ada", expected_version=1)) for editor, row in zip(editors, wanted, strict=True)]
    came = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(each).__name__ for each in came) == ["ChangedMeanwhile", "Saved"]


async def test_a_row_goes_back_to_a_version_in_one_call(editor: FeedEditor) -> None:
    await editor.save(off(display_name="worse"), ADA)
    await editor.save(off(display_name="worst"), ADA)
    back = await editor.roll_back("bitstamp", Change("Ada"), to=1)
    assert (back.stored.version, back.stored.values["display_name"]) == (4, "Bitstamp")
    assert (await editor.history("bitstamp"))[0].reason == "back to version 1"
    undone = await editor.roll_back("bitstamp", Change("Ada"))
    assert undone.stored.values["display_name"] == "worst"


async def test_what_never_was_cannot_be_gone_back_to(editor: FeedEditor) -> None:
    for venue, to, refused in (("nowhere", 1, VenueUnknown), ("bitstamp", 7, VersionUnknown), ("bitstamp", None, VersionUnknown)):
        with pytest.raises(refused):
            await editor.roll_back(venue, ADA, to=to)
    with pytest.raises(ChangedMeanwhile):
        await editor.roll_back("bitstamp", Change("Ada", expected_version=9), to=1)
    for refused_read in (editor.history("nowhere"), editor.switch("nowhere", ADA)):
        with pytest.raises(VenueUnknown):
            await refused_read


async def test_a_feed_is_switched_off_at_once_and_on_only_once_it_was_tried(editor: FeedEditor) -> None:
    switched = await editor.switch("coinbase", Change("Ada"))
    assert (switched.stored.values["enabled"], switched.stored.version) == (False, 2)
    assert (await editor.history("coinbase"))[0].reason == "switched off"
    assert (await editor.switch("coinbase", Change("Ada"), enabled=False)).stored.version == 2
    with pytest.raises(FeedTryFailed) as refusal:  # Nothing is mapped to it, so nothing can show that it works.
        await editor.switch("bitstamp", Change("Ada"))
    assert refusal.value.mistakes[0].facts["flaw"] == "no_symbols"


async def test_changed_rest_rules_are_looked_through_and_a_venue_that_is_off_is_not_asked(database: Database) -> None:
    rest, readings = FakeRest(), Readings()
    looks = Looks([rest_row()], opener=rest, clock=SystemClock(), readings=readings)
    trial = Trial(no_feeds(), dict, clock=SystemClock(), dice=dice(), readings=readings)
    editor = FeedEditor(database, trial, no_feeds().status, rest_trial=RestTrial(looks, dict, no_feeds(), readings=readings))
    [stored] = [listing.stored for listing in await editor.listing() if listing.stored.venue == "coinbase"]
    changed = dict(stored.values) | {"rest_rules": {**row_values()["rest_rules"], "requests_per_second": 5}}
    with pytest.raises(FeedTryFailed) as refusal:
        await editor.save(changed, Change("Ada"))
    assert [mistake.facts["flaw"] for mistake in refusal.value.mistakes] == ["rest_away"]
    forced = await editor.save(changed, Change("Ada", "their REST is down", is_forced=True))
    assert forced.tried is not None
    assert len(forced.tried.looks) == 3
    assert all("unreachable" in look.problem or look.problem == "paused" for look in forced.tried.looks)
    asked = len(rest.asked)
    assert (await editor.save({**changed, "display_name": "CB"}, Change("Ada"))).tried is None
    assert (await editor.save(off(rest_rules={}), Change("Ada"))).tried is None
    assert len(rest.asked) == asked
    await looks.stop()


async def test_against_the_evidence_a_row_is_saved_only_with_a_reason(editor: FeedEditor) -> None:
    with pytest.raises(ReasonMissing):
        await editor.save(row_values("bitstamp", enabled=True), Change("Ada", is_forced=True))
    saved = await editor.save(row_values("bitstamp", enabled=True), Change("Ada", "the venue is closed today", is_forced=True))
    assert saved.tried is not None
    assert not saved.tried.passed
    newest = (await editor.history("bitstamp"))[0]
    assert newest.is_forced
    assert newest.evidence is not None
    assert newest.evidence["flaws"][0]["kind"] == "no_symbols"
