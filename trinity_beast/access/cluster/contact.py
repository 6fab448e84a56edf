"""When a node may spend what: from its leases while it is in touch with the authority, from its share when it is not.

The two must never add up. A node that gets no answer cannot know whether it was heard; what it can know is until when it
may have been: no call of its own is heard after its deadline. From then the authority takes a while to miss it and to keep
its share back. Only when that time is over too, and some margin for clocks that run at different speeds, the share begins.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

MILLISECOND_NS = 1_000_000


class Stand(StrEnum):
    """How a node stands towards the authority."""

    CUT = "cut"
    LEASED = "leased"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Terms:
    """The waits that all nodes of a cluster must agree upon."""

    deadline_ns: int = 250 * MILLISECOND_NS
    """A call is not heard when it is older than this."""
    absent_ns: int = 1_000 * MILLISECOND_NS
    """A node that was not heard for so long has its share kept back."""
    margin_ns: int = 250 * MILLISECOND_NS

    @property
    def share_after_ns(self) -> int:
        """How long after its last call a node may spend its share."""
        return self.deadline_ns + self.absent_ns + self.margin_ns

    @property
    def tell_every_ns(self) -> int:
        """How long a node that has nothing to tell may be silent: three calls may be lost before it is missed."""
        return self.absent_ns // 4


@dataclass(frozen=True, slots=True)
class Contact:
    """One node's contact with the authority. It begins cut off: a former life of the node may just have been heard."""

    stand: Stand
    called_ns: int
    """When the last call was sent that may have been heard, by the node's own clock."""

    @classmethod
    def beginning(cls, now_ns: int) -> "Contact":
        """Return the contact of a node that has just started."""
        return cls(Stand.CUT, now_ns)

    def calling(self, now_ns: int) -> "Contact":
        """Return the contact while a call is under way. The share ends before the call is sent: it may be heard at once."""
        return Contact(Stand.CUT if self.stand is Stand.SHARED else self.stand, now_ns)

    def answered(self) -> "Contact":
        """Return the contact after an answer."""
        return replace(self, stand=Stand.LEASED)

    def unanswered(self) -> "Contact":
        """Return the contact after a call that was lost, or that was never sent."""
        return replace(self, stand=Stand.CUT if self.stand is Stand.LEASED else self.stand)

    def sharing(self, now_ns: int, terms: Terms) -> "Contact":
        """Return the contact at `now_ns`: a node that is cut off for long enough spends its share."""
        is_due = self.stand is Stand.CUT and now_ns - self.called_ns >= terms.share_after_ns
        return replace(self, stand=Stand.SHARED) if is_due else self
