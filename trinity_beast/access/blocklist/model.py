"""The nouns of the blocklist."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trinity_beast.access.blocklist.network import Network


class BlockState(StrEnum):
    """How a block fares at one moment."""

    STANDING = "standing"
    EXPIRED = "expired"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class Block:
    """A network that is refused: why, by whom, since when, until when (None: until it is lifted)."""

    block_id: int
    network: Network
    reason: str
    blocked_by: str
    blocked_at: datetime
    expires_at: datetime | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None

    def state(self, now: datetime) -> BlockState:
        """Return how the block fares at `now`."""
        if self.lifted_at is not None:
            return BlockState.LIFTED
        if self.expires_at is not None and now >= self.expires_at:
            return BlockState.EXPIRED
        return BlockState.STANDING


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a network is refused as things are, and until when. `for_ever` is until somebody lifts it."""

    network: Network
    is_blocked: bool
    for_ever: bool
    expires_at: datetime | None

    def ends_after(self, now: datetime) -> bool:
        """Whether the network is refused beyond `now`."""
        return self.is_blocked and (self.for_ever or (self.expires_at is not None and self.expires_at > now))

    def seconds_left(self, now: datetime) -> float | None:
        """Return how long it is refused from `now` on; None: until it is lifted."""
        return None if self.for_ever or self.expires_at is None else (self.expires_at - now).total_seconds()


@dataclass(frozen=True, slots=True)
class Page:
    """Some blocks, the newest first; `next_before` asks for those after them, None at the end."""

    blocks: list[Block]
    next_before: int | None
