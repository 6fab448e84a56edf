"""What setting parameters promises: all or nothing, kept with who and why, and a way back."""

import pytest
import sqlalchemy as sa

from tests.parameters.conftest import LEAST, LIMIT, MOST
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.parameters import Declarations, ParameterInvalid, ParameterUnknown
from trinity_beast.parameters.errors import NothingBefore, ParametersDisagree, ProfileInvalid, ProfileUnknown
from trinity_beast.parameters.service import ParameterEditor
from trinity_beast.parameters.settled import Change, Difference
from trinity_beast.storage import Database

ANNA = Change("anna", "a quiet night")


async def values(editor: ParameterEditor) -> dict[str, object]:
    _, _, standings = await editor.standings()
    return {one.parameter.name: one.value for one in standings if one.is_set}


async def test_nothing_is_set_at_first(editor: ParameterEditor) -> None:
    version, profile, standings = await editor.standings(group="windows")
    assert (version, profile) == (0, "")
    assert [(one.parameter, one.value, one.is_set, one.last) for one in standings] == [(MOST, 45.0, False, None), (LEAST, 5.0, False, None)]


async def test_what_is_set_is_kept_with_who_and_why(editor: ParameterEditor) -> None:
    applied = await editor.set({"limit": 20, "window_min": 7}, ANNA)
    assert applied.version == 1
    assert applied.differences == [Difference("limit", 10, 20), Difference("window_min", 5.0, 7.0)]
    await editor.set({"limit": 30}, Change("ben"))

    told = [(one.version, one.name, one.before, one.after, one.changed_by, one.reason) for one in await editor.history()]
    assert told == [
        (2, "limit", 20, 30, "ben", ""),
        (1, "limit", None, 20, "anna", "a quiet night"),
        (1, "window_min", None, 7.0, "anna", "a quiet night"),
    ]
    assert [one.version for one in await editor.history(name="limit", before=2)] == [1]
    _, _, standings = await editor.standings(group="limits")
    assert [(one.value, one.is_set, one.last.changed_by if one.last else "") for one in standings] == [(30, True, "ben")]


async def test_what_does_not_fit_changes_nothing(editor: ParameterEditor) -> None:
    await editor.set({"limit": 20}, ANNA)
    for wrong, refusal in (
        ({"limit": 30, "window_min": 0}, ParameterInvalid),
        ({"limit": 30, "unheard_of": 1}, ParameterUnknown),
        ({"limit": 30, "unheard_of": None}, ParameterUnknown),
        ({"limit": 30, "window_min": 46.0}, ParametersDisagree),
    ):
        with pytest.raises(refusal):
            await editor.set(wrong, ANNA)
    assert await values(editor) == {"limit": 20}
    assert (await editor.standings())[0] == 1


async def test_none_puts_back_to_the_default(editor: ParameterEditor) -> None:
    await editor.set({"limit": 20, "window_min": 7.0}, ANNA)
    applied = await editor.set({"limit": None}, ANNA)
    assert applied.differences == [Difference("limit", 20, 10)]
    assert await values(editor) == {"window_min": 7.0}


async def test_setting_what_is_so_already_is_no_change(editor: ParameterEditor) -> None:
    await editor.set({"limit": 20}, ANNA)
    assert await editor.set({"limit": 20}, ANNA) == await editor.set({"limit": 20}, Change("ben"))
    assert len(await editor.history()) == 1


async def test_a_change_to_what_somebody_else_has_changed_is_refused(editor: ParameterEditor) -> None:
    await editor.set({"limit": 20}, ANNA)
    with pytest.raises(ChangedMeanwhile):
        await editor.set({"limit": 30}, Change("ben", expected_version=0))
    await editor.set({"limit": 30}, Change("ben", expected_version=1))


async def test_the_way_back_is_a_change_and_leads_back_again(editor: ParameterEditor) -> None:
    with pytest.raises(NothingBefore):
        await editor.go_back(ANNA)
    await editor.set({"limit": 20}, ANNA)
    await editor.set({"limit": 30, "window_min": 7.0}, ANNA)
    assert (await editor.go_back(ANNA)).version == 3
    assert await values(editor) == {"limit": 20}
    await editor.go_back(ANNA)
    assert await values(editor) == {"limit": 30, "window_min": 7.0}


async def test_a_profile_is_what_was_in_force_and_comes_back_whole(editor: ParameterEditor) -> None:
    await editor.set({"limit": 20}, ANNA)
    await editor.save_profile("night", "Few requests, long windows.", ANNA)
    await editor.set({"limit": None, "window_max": 60.0}, ANNA)
    assert await editor.preview("night") == [Difference("limit", 10, 20), Difference("window_max", 60.0, 45.0)]
    assert await editor.compare("night", "") == [Difference("limit", 20, 10), Difference("window_max", 45.0, 60.0)]

    applied = await editor.apply("night", ANNA)
    assert applied.profile == "night"
    assert await values(editor) == {"limit": 20}
    assert (await editor.standings())[1] == "night"
    await editor.set({"limit": 21}, ANNA)
    assert (await editor.standings())[1] == "", "what was set since is no profile's"
    await editor.go_back(ANNA)
    assert (await editor.standings())[1] == "night"


async def test_a_profile_nobody_saved_or_can_be_called_so_is_refused(editor: ParameterEditor) -> None:
    with pytest.raises(ProfileUnknown):
        await editor.apply("nights", ANNA)
    for name, description in (("previous", "x"), ("Night", "x"), ("", "x"), ("n" * 41, "x"), ("night", " "), ("night", "x\n")):
        with pytest.raises(ProfileInvalid):
            await editor.save_profile(name, description, ANNA)


async def test_what_another_version_has_stored_stands_at_its_default_and_goes_at_the_next_change(
    own_database: Database, editor: ParameterEditor
) -> None:
    await editor.set({"limit": 20}, ANNA)
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("INSERT INTO application_parameters VALUES ('gone', '1', 1), ('window_min', '\"long\"', 1)"))
    assert await values(editor) == {"limit": 20}
    newer = ParameterEditor(own_database, Declarations([LIMIT]))
    await newer.set({"limit": 30}, ANNA)
    assert await values(newer) == {"limit": 30}
