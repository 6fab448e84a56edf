"""Use cases of parameters: look at them, set them, follow what was set, apply and save profiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trinity_beast.audit import expect_version
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.log import get_log
from trinity_beast.parameters import store
from trinity_beast.parameters.built_in import PROFILES
from trinity_beast.parameters.declared import Declarations
from trinity_beast.parameters.errors import NothingBefore, ProfileFixed, ProfileUnknown, VersionUnknown
from trinity_beast.parameters.model import Value
from trinity_beast.parameters.profiles import Profile, checked_profile
from trinity_beast.parameters.settled import Change, Changed, Difference, Settled, Standing, differences
from trinity_beast.storage import Database

_log = get_log("parameters")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change came to: the version that is stored now, and what differs from before; nothing where it was so already."""

    version: int
    profile: str
    differences: Sequence[Difference]


class ParameterEditor:
    """The parameters for whoever runs the system. What is set is in force within a second, on every node."""

    def __init__(self, database: Database, declared: Declarations) -> None:
        self._database, self._declared = database, declared

    async def standings(self, *, group: str = "") -> tuple[int, str, list[Standing]]:
        """Return the version, the profile last applied, and every parameter of a group, or of all."""
        async with self._database.transaction() as tx:
            settled, newest = await store.settled(tx), await store.newest_changes(tx)
        usable, _ = self._declared.usable(settled.values)
        told = [
            Standing(one, usable.get(one.name, one.default), one.name in usable, newest.get(one.name))
            for one in self._declared
            if group in ("", one.group)
        ]
        return settled.version, settled.profile, told

    async def set(self, values: Mapping[str, object], change: Change) -> Applied:
        """Set parameters, all of them or none; None puts one back to its default.

        Raises:
            ParameterUnknown, ParameterInvalid: as the declarations say.
            ParametersDisagree: the values in force would contradict each other.
            ChangedMeanwhile: they are not at the version expected.
        """
        for name in values:
            self._declared.named(name)
        async with self._database.transaction() as tx:
            before = await self._held(tx, change)
            kept = {name: value for name, value in before.values.items() if name not in values}
            set_now = {name: value for name, value in values.items() if value is not None}
            return await self._write(tx, before, self._declared.checked(self._own(kept) | set_now), change)

    async def history(self, *, name: str | None = None, before: int | None = None, limit: int = 100) -> list[Changed]:
        """Return changes, newest first.

        Raises:
            ParameterUnknown: `name` is none of ours and was never set.
        """
        async with self._database.transaction() as tx:
            found = await store.history(tx, name=name, before=before, limit=limit)
        if name is not None and not found:
            self._declared.named(name)
        return found

    async def diff(self, before: int = 0, after: int | None = None) -> tuple[int, list[Difference]]:
        """Return a version, the newest where none is given, and what differs there from `before`; version 0 is the defaults.

        What this program does not declare, or declares otherwise by now, is left out.

        Raises:
            VersionUnknown: parameters were never at one of them.
        """
        async with self._database.transaction() as tx:
            newest = (await store.settled(tx)).version
            wanted = newest if after is None else after
            for version in (before, wanted):
                if not 0 <= version <= newest:
                    raise VersionUnknown(version=version, newest=newest)
            sides = [self._whole(await store.values_at(tx, version)) for version in (before, wanted)]
        return wanted, differences(sides[0], sides[1])

    async def profiles(self) -> list[Profile]:
        """Return every profile: those of the program, then the saved ones."""
        async with self._database.transaction() as tx:
            return [*PROFILES.values(), *await store.profiles(tx)]

    async def preview(self, name: str) -> list[Difference]:
        """Return what applying a profile would change.

        Raises:
            ProfileUnknown: there is none of that name.
        """
        profile = await self._profile(name)
        async with self._database.transaction() as tx:
            settled = await store.settled(tx)
        return differences(self._whole(settled.values), self._declared.whole(profile.values))

    async def compare(self, one: str, other: str) -> list[Difference]:
        """Return how two profiles differ; the empty name stands for what is in force.

        Raises:
            ProfileUnknown: there is none of that name.
        """
        async with self._database.transaction() as tx:
            present = (await store.settled(tx)).values
        sides = [self._whole(present) if not name else self._declared.whole((await self._profile(name)).values) for name in (one, other)]
        return differences(sides[0], sides[1])

    async def apply(self, name: str, change: Change) -> Applied:
        """Put a profile in force at once: its values, and every other parameter at its default.

        Raises:
            ProfileUnknown: there is none of that name.
            ParameterInvalid, ParametersDisagree: it was saved by another version, and does not fit this one.
            ChangedMeanwhile: parameters are not at the version expected.
        """
        profile = await self._profile(name)
        values = self._declared.checked(profile.values)
        async with self._database.transaction() as tx:
            before = await self._held(tx, change)
            return await self._write(tx, before, values, change, profile=profile.name)

    async def go_back(self, change: Change) -> Applied:
        """Bring parameters back to what they were before the last change, which is a change too.

        Raises:
            NothingBefore: nothing was ever changed.
            ChangedMeanwhile: they are not at the version expected.
        """
        async with self._database.transaction() as tx:
            before = await self._held(tx, change)
            last = await store.changes_of(tx, before.version)
            if before.version == 0:
                raise NothingBefore
            values = {**before.values, **{one.name: one.before for one in last}}
            known = self._declared.checked(self._own({name: value for name, value in values.items() if value is not None}))
            return await self._write(tx, before, known, change, profile=await self._profile_before(tx, before.version))

    async def save_profile(self, name: str, description: str, change: Change) -> Profile:
        """Save the values in force as a profile.

        Raises:
            ProfileFixed: a profile of the program is called so.
            ProfileInvalid: the name or description cannot be used.
            ChangedMeanwhile: the one of that name is not at the version expected (0: there is none yet).
        """
        if name in PROFILES:
            raise ProfileFixed(profile=name)
        async with self._database.transaction() as tx:
            settled = await store.settled(tx)
            profile = checked_profile(Profile(name, description, self._own(settled.values), group="saved"))
            await expect_version(tx, store.PROFILE, name, change.expected_version)
            await store.write_profile(tx, profile, by=change.by)
            (saved,) = await store.at_their_versions(tx, [profile])
        _log.info("profile saved", profile=name, by=change.by)
        return saved

    async def announce(self, *, by: str) -> int:
        """Tell every node to look at the parameters now, and return the version they should come to."""
        async with self._database.transaction() as tx:
            return await store.announce(tx, by=by)

    async def _held(self, tx: Any, change: Change) -> Settled:
        await store.hold(tx)
        settled = await store.settled(tx)
        if change.expected_version not in (None, settled.version):
            raise ChangedMeanwhile(row="The set of parameters", expected_version=change.expected_version, version=settled.version)
        return settled

    async def _write(self, tx: Any, before: Settled, after: Mapping[str, Value], change: Change, *, profile: str = "") -> Applied:
        changed = differences(self._whole(before.values), self._declared.whole(after))
        if dict(before.values) == dict(after) and profile == before.profile:
            return Applied(before.version, before.profile, [])
        version = await store.write(tx, before, after, change, profile=profile)
        _log.info("parameters set", version=version, by=change.by, profile=profile, names=[one.name for one in changed])
        return Applied(version, profile, changed)

    async def _profile(self, name: str) -> Profile:
        known = {profile.name: profile for profile in await self.profiles()}
        if name not in known:
            raise ProfileUnknown(profile=name, profiles=", ".join(known))
        return known[name]

    async def _profile_before(self, tx: Any, version: int) -> str:
        earlier = await store.history(tx, name=None, before=version, limit=1)
        return earlier[0].profile if earlier else ""

    def _own(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what this program declares; what another version has left behind is dropped at the next change."""
        return self._declared.usable(values)[0]

    def _whole(self, values: Mapping[str, Any]) -> dict[str, Value]:
        return self._declared.whole(self._own(values))
