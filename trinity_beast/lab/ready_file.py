"""The file in which a running lab says where it is, for whoever wants to listen to it or give it orders."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trinity_beast.lab.errors import LabNotReached
from trinity_beast.lab.model import ControlAddress, LabAddresses
from trinity_beast.words import Venue


def facts_of(addresses: Mapping[Venue, LabAddresses], control: ControlAddress | None) -> dict[str, object]:
    """Shape where a lab is. Without `control` it takes no orders from outside."""
    told: dict[str, object] = {"venues": {venue: asdict(of_venue) for venue, of_venue in addresses.items()}}
    return told if control is None else told | {"control": asdict(control)}


def write_ready_file(path: Path, addresses: Mapping[Venue, LabAddresses], control: ControlAddress | None = None) -> None:
    """Say where a lab is. The token is in it: for this user's eyes only, and never half written."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(facts_of(addresses, control)), encoding="utf-8")
    draft.replace(path)


def addresses_in(path: Path) -> dict[Venue, LabAddresses]:
    """Return where the venues of the lab that wrote this file are.

    Raises:
        LabNotReached: the file is not there any more, or tells of no lab.
    """
    venues = _told(path, "venues")
    try:
        return {Venue(venue): LabAddresses(of["ws_url"], of["rest_url"]) for venue, of in venues.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise LabNotReached(reason=f"{path} tells of no running lab: {error}") from error


def control_in(path: Path) -> ControlAddress:
    """Return where the lab that wrote this file takes orders.

    Raises:
        LabNotReached: the file is not there any more, or tells of no lab that does.
    """
    control = _told(path, "control")
    try:
        return ControlAddress(control["url"], control["token"])
    except (KeyError, TypeError) as error:
        raise LabNotReached(reason=f"{path} tells of no running lab: {error}") from error


def _told(path: Path, name: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))[name]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabNotReached(reason=f"{path} tells of no running lab: {error}") from error
