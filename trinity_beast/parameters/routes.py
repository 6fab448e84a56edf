"""Parameters and profiles over HTTP, for operators."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from trinity_beast.errors import ChangedMeanwhile, TrinityError
from trinity_beast.parameters.deploying import Deployment
from trinity_beast.parameters.errors import (
    NothingBefore,
    ParameterInvalid,
    ParametersDisagree,
    ParameterUnknown,
    ProfileFixed,
    ProfileInvalid,
    ProfileUnknown,
    VersionUnknown,
)
from trinity_beast.parameters.profiles import RETURN
from trinity_beast.parameters.readings import Readings
from trinity_beast.parameters.service import Applied, ParameterEditor
from trinity_beast.parameters.settled import Change
from trinity_beast.parameters.told import (
    AppliedTold,
    ApplyProfile,
    ComparedTold,
    DeployedTold,
    HistoryTold,
    NodesTold,
    ParametersTold,
    PreviewTold,
    ProfilesTold,
    ProfileTold,
    ReloadedTold,
    SaveProfile,
    SetParameters,
    VersionsTold,
    applied_told,
    changed_told,
    deployed_told,
    differences_told,
    nodes_told,
    parameter_told,
    profile_told,
)
from trinity_beast.storage import DependencyAway
from trinity_beast.web import NUMBER_MAX, changes, refusals

HISTORY_MAX = 1_000
_SETTING = (ParameterUnknown, ParameterInvalid, ParametersDisagree, ChangedMeanwhile)
_APPLYING = (ProfileUnknown, ParameterInvalid, ParametersDisagree, ChangedMeanwhile, NothingBefore)

Group = Annotated[str, Query(max_length=64, pattern="^[a-z0-9_]*$", description="Only this group's.")]
ParameterName = Annotated[str | None, Query(max_length=64, pattern="^[a-z0-9_]+$", description="Only this parameter's.")]
Version = Annotated[int, Query(ge=0, le=NUMBER_MAX)]
ProfileName = Annotated[str, Query(max_length=40, pattern="^[a-z0-9-]*$")]


def parameter_routes(
    editor: ParameterEditor,
    deployment: Deployment,
    readings: Readings,
    *,
    operator: Callable[..., Awaitable[object]],
    refused: Sequence[type[TrinityError]],
) -> APIRouter:
    """Return the routes. `operator` lets operators in, and `refused` is what it may answer instead."""
    router = APIRouter(prefix="/admin", tags=["parameters"])
    anywhere = (*refused, DependencyAway)

    @router.get("/parameters", responses=refusals(*anywhere))
    async def list_parameters(_who: Annotated[object, Depends(operator)], group: Group = "") -> ParametersTold:
        """List every parameter: its value, default, range and meaning, and who changed it last.

        `value` is what is stored, or else the default; `here` what this node goes by, which was given it at its start where it
        differs; null where no part of this node reads it.
        """
        version, profile, standings = await editor.standings(group=group)
        here = readings.values()
        told = [parameter_told(one, here.get(one.parameter.name)) for one in standings]
        return ParametersTold(version=version, profile=profile, parameters=told)

    @router.get("/parameters/diff", responses=refusals(*anywhere, VersionUnknown))
    async def diff(_who: Annotated[object, Depends(operator)], before: Version = 0, after: Version | None = None) -> VersionsTold:
        """Tell what differs between two versions: by default between the defaults, which are version 0, and what is stored now."""
        newest, found = await editor.diff(before, after)
        return VersionsTold(before=before, after=newest, differences=differences_told(found))

    @router.get("/parameters/nodes", responses=refusals(*anywhere))
    async def nodes(_who: Annotated[object, Depends(operator)]) -> NodesTold:
        """List the nodes and the version that each has confirmed to run."""
        return NodesTold(nodes=nodes_told(await deployment.nodes()))

    @router.post("/parameters/save", responses=refusals(*anywhere, *_SETTING))
    async def set_parameters(who: Annotated[object, Depends(operator)], body: SetParameters) -> AppliedTold:
        """Set parameters, all of them or none; null puts one back to its default. In force on every node within a second."""
        return applied_told(await editor.set(body.values, Change(str(who), body.reason, body.expected_version)))

    @router.get("/parameters/history", responses=refusals(*anywhere, ParameterUnknown))
    async def history(
        _who: Annotated[object, Depends(operator)],
        name: ParameterName = None,
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="Only versions below this one.")] = None,
        limit: Annotated[int, Query(ge=1, le=HISTORY_MAX)] = 100,
    ) -> HistoryTold:
        """List changes, newest first: which parameter, from what to what, who, when and why."""
        return HistoryTold(changes=[changed_told(one) for one in await editor.history(name=name, before=before, limit=limit)])

    @router.post("/reload-params", responses=refusals(*refused))
    async def reload(_who: Annotated[object, Depends(operator)]) -> ReloadedTold:
        """Have this node look at the stored parameters now, and tell which version it runs."""
        return ReloadedTold(version=await deployment.reload())

    @router.post("/force-deploy-params", responses=refusals(*anywhere))
    async def force_deploy(who: Annotated[object, Depends(operator)]) -> DeployedTold:
        """Have every node look now, and tell which version each has confirmed."""
        return deployed_told(await deployment.force(by=str(who)))

    _add_profile_routes(router, editor, operator=operator, anywhere=anywhere)
    return router


def _add_profile_routes(
    router: APIRouter, editor: ParameterEditor, *, operator: Callable[..., Awaitable[object]], anywhere: Sequence[type[TrinityError]]
) -> None:
    @router.get("/system-mode", dependencies=[changes(if_given="mode")], responses=refusals(*anywhere, *_APPLYING))
    async def system_mode(
        who: Annotated[object, Depends(operator)],
        mode: Annotated[str, Query(max_length=40, pattern="^[a-z0-9-]*$", description="The profile to apply; none only looks.")] = "",
        preview: Annotated[bool, Query(description="Only tell what would change.")] = False,
        expected_version: Annotated[int | None, Query(ge=0, le=NUMBER_MAX, description="The version this change was made to.")] = None,
    ) -> AppliedTold | PreviewTold | ProfilesTold:
        """Tell the profile in force and all there are; with `mode`, apply that one at once, or tell what it would change."""
        if not mode:
            return await _profiles_told(editor)
        if preview and mode != RETURN:
            return PreviewTold(mode=mode, differences=differences_told(await editor.preview(mode)))
        return applied_told(await _applied(editor, mode, Change(str(who), f"mode {mode}", expected_version)))

    @router.post("/system-mode", responses=refusals(*anywhere, *_APPLYING))
    async def apply_mode(who: Annotated[object, Depends(operator)], body: ApplyProfile) -> AppliedTold:
        """Apply a profile at once, with a reason; `previous` brings back what was in force before the last change."""
        change = Change(str(who), body.reason or f"mode {body.mode}", body.expected_version)
        return applied_told(await _applied(editor, body.mode, change))

    @router.get("/profiles", responses=refusals(*anywhere))
    async def list_profiles(_who: Annotated[object, Depends(operator)]) -> ProfilesTold:
        """List every profile with its values: those of the program, then the saved ones."""
        return await _profiles_told(editor)

    @router.get("/profiles/compare", responses=refusals(*anywhere, ProfileUnknown))
    async def compare(_who: Annotated[object, Depends(operator)], one: ProfileName = "", other: ProfileName = "") -> ComparedTold:
        """Tell how two profiles differ; an empty name stands for what is in force."""
        return ComparedTold(one=one, other=other, differences=differences_told(await editor.compare(one, other)))

    @router.post("/profiles/save", responses=refusals(*anywhere, ProfileFixed, ProfileInvalid, ChangedMeanwhile))
    async def save_profile(who: Annotated[object, Depends(operator)], body: SaveProfile) -> ProfileTold:
        """Save the values in force as a profile of that name, new or changed."""
        change = Change(str(who), expected_version=body.expected_version)
        return profile_told(await editor.save_profile(body.profile, body.description, change))


async def _profiles_told(editor: ParameterEditor) -> ProfilesTold:
    _, profile, _ = await editor.standings(group="parameters")
    return ProfilesTold(profile=profile, profiles=[profile_told(one) for one in await editor.profiles()])


async def _applied(editor: ParameterEditor, mode: str, change: Change) -> Applied:
    return await (editor.go_back(change) if mode == RETURN else editor.apply(mode, change))
