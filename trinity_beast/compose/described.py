"""The examples each port's description bears: `content/examples/`, one file for each service."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from trinity_beast import content
from trinity_beast.web import Example

FOLDER = Path(content.__file__).parent / "examples"


def examples_of(service: str) -> Sequence[Example]:
    """Return a service's examples, in the order in which they can be asked of a node that has just been started."""
    return msgspec.json.decode((FOLDER / f"{service}.json").read_bytes(), type=list[Example])
