"""What operators are told about parameters, and what they may ask, over HTTP."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from trinity_beast.parameters.deploying import Deployed
from trinity_beast.parameters.profiles import Profile
from trinity_beast.parameters.service import Applied
from trinity_beast.parameters.settled import Changed, Confirmed, Difference, Standing
from trinity_beast.web import NUMBER_MAX

AnyValue = StrictBool | StrictInt | StrictFloat | StrictStr
Name = Annotated[str, Field(max_length=64)]
Reason = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$", description="Why; kept with the change.")]
Expected = Annotated[
    int | None, Field(ge=0, le=NUMBER_MAX, description="The version this change was made to; 409 when it is another by now.")
]  # fmt: skip


class SetParameters(BaseModel, extra="forbid", strict=True):
    """Parameters to set, all of them or none; null puts one back to its default."""

    values: Annotated[Mapping[Name, AnyValue | None], Field(min_length=1, max_length=500)]
    reason: Reason = ""
    expected_version: Expected = None


class ApplyProfile(BaseModel, extra="forbid", strict=True):
    """A profile to apply; `previous` brings back what was in force before the last change."""

    mode: Annotated[str, Field(max_length=40)]
    reason: Reason = ""
    expected_version: Expected = None


class SaveProfile(BaseModel, extra="forbid", strict=True):
    """A name under which the values in force are saved."""

    profile: Annotated[str, Field(max_length=40)]
    description: Annotated[str, Field(max_length=200)]
    expected_version: Expected = None


class ChangedTold(BaseModel):
    """One parameter's change. Null stands for the default."""

    version: int
    name: str
    before: AnyValue | None
    after: AnyValue | None
    changed_at: datetime
    changed_by: str
    reason: str
    profile: str


class ParameterTold(BaseModel):
    """A parameter: what it is, and where it stands."""

    name: str
    group: str
    kind: str
    unit: str
    value: AnyValue
    here: AnyValue | None
    default: AnyValue
    is_set: bool
    least: AnyValue | None
    most: AnyValue | None
    choices: list[AnyValue]
    needs_restart: bool
    help: str
    last: ChangedTold | None


class ParametersTold(BaseModel):
    """Every parameter, the version of what is stored, and the profile applied last, if nothing was set since."""

    version: int
    profile: str
    parameters: list[ParameterTold]


class HistoryTold(BaseModel):
    """Changes, newest first."""

    changes: list[ChangedTold]


class DifferenceTold(BaseModel):
    """What differs."""

    name: str
    before: AnyValue
    after: AnyValue


class VersionsTold(BaseModel):
    """What differs between two versions; version 0 is the defaults."""

    before: int
    after: int
    differences: list[DifferenceTold]


class AppliedTold(BaseModel):
    """What a change came to: the version in store now, and what differs from before."""

    version: int
    profile: str
    differences: list[DifferenceTold]


class PreviewTold(BaseModel):
    """What applying a profile would change."""

    mode: str
    differences: list[DifferenceTold]


class ComparedTold(BaseModel):
    """How two profiles differ; an empty name stands for what is in force."""

    one: str
    other: str
    differences: list[DifferenceTold]


class ProfileTold(BaseModel):
    """A profile: its values over the defaults."""

    profile: str
    group: str
    description: str
    values: dict[str, AnyValue]
    version: Annotated[int, Field(description="Of a saved one: what a change expects that is to overwrite nobody else's.")]


class ProfilesTold(BaseModel):
    """Every profile, and the one in force."""

    profile: str
    profiles: list[ProfileTold]


class ReloadedTold(BaseModel):
    """The version that this node runs now."""

    version: int


class NodeTold(BaseModel):
    """A node, and the version it has confirmed."""

    node_id: str
    node: str
    version: int
    confirmed_at: datetime


class NodesTold(BaseModel):
    """The nodes that are there."""

    nodes: list[NodeTold]


class DeployedTold(BaseModel):
    """How the deployment went. `all_ms` is null where a node had not confirmed in time; `behind` names those."""

    version: int
    own_ms: float
    all_ms: float | None
    nodes: list[NodeTold]
    behind: list[str]


def parameter_told(standing: Standing, here: AnyValue | None) -> ParameterTold:
    """Return a parameter as it is told."""
    one = standing.parameter
    return ParameterTold(
        name=one.name,
        group=one.group,
        kind=one.kind.__name__,
        unit=one.unit,
        value=standing.value,
        here=here,
        default=one.default,
        is_set=standing.is_set,
        least=one.least,
        most=one.most,
        choices=list(one.choices),
        needs_restart=one.needs_restart,
        help=one.help,
        last=changed_told(standing.last) if standing.last is not None else None,
    )


def changed_told(changed: Changed) -> ChangedTold:
    """Return a change as it is told."""
    return ChangedTold(
        version=changed.version,
        name=changed.name,
        before=changed.before,
        after=changed.after,
        changed_at=changed.changed_at,
        changed_by=changed.changed_by,
        reason=changed.reason,
        profile=changed.profile,
    )


def differences_told(found: list[Difference]) -> list[DifferenceTold]:
    """Return differences as they are told."""
    return [DifferenceTold(name=one.name, before=one.before, after=one.after) for one in found]


def applied_told(applied: Applied) -> AppliedTold:
    """Return what a change came to as it is told."""
    return AppliedTold(version=applied.version, profile=applied.profile, differences=differences_told(list(applied.differences)))


def profile_told(profile: Profile) -> ProfileTold:
    """Return a profile as it is told."""
    return ProfileTold(
        profile=profile.name,
        group=profile.group,
        description=profile.description,
        values=dict(profile.values),
        version=profile.version,
    )


def deployed_told(deployed: Deployed) -> DeployedTold:
    """Return how a deployment went as it is told."""
    return DeployedTold(
        version=deployed.version,
        own_ms=deployed.own_ms,
        all_ms=deployed.all_ms,
        nodes=nodes_told(deployed.nodes),
        behind=list(deployed.behind),
    )


def nodes_told(nodes: Sequence[Confirmed]) -> list[NodeTold]:
    """Return nodes as they are told."""
    return [NodeTold(node_id=one.node_id, node=one.name, version=one.version, confirmed_at=one.confirmed_at) for one in nodes]
