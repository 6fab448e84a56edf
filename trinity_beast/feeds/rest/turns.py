"""Who may ask a venue next: its pace kept, customers before proofs before audits, first come first. Pure."""

import heapq
import itertools
import math
from dataclasses import dataclass, field

from trinity_beast.feeds.moment import SECOND_NS
from trinity_beast.feeds.rest.model import Urgency

MARGIN = 1.05
"""Requests sent evenly arrive unevenly; so much longer than the limit asks for is the pause between two."""


@dataclass(slots=True, eq=False)
class Ticket:
    """One request's place in the row. `is_over` once it had its turn or went away; `is_called` when it had its turn."""

    urgency: Urgency
    order: int
    is_over: bool = False
    is_called: bool = False


@dataclass(order=True, slots=True)
class _Place:
    urgency: Urgency
    order: int
    ticket: Ticket = field(compare=False)


class Turns:
    """The row of one venue. Requests leave at least `1 / per_second` apart: no burst, for what a venue forgives is not published."""

    def __init__(self) -> None:
        self._row: list[_Place] = []
        self._order = itertools.count()
        self._waiting: dict[Ticket, None] = {}
        self._free_ns = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, urgency: Urgency, *, waiting_max: int, order: int | None = None) -> tuple[Ticket | None, Ticket | None]:
        """Return a new ticket and the one that had to make room for it; no ticket where there is no room.

        Only the least urgent makes room, the newest of them, and only for what is more urgent. `order` is that of a look's
        first ticket: its second request does not go to the end again.
        """
        ousted = None
        if len(self._waiting) >= waiting_max:
            ousted = max(reversed(self._waiting), key=lambda one: one.urgency, default=None)
            if ousted is None or ousted.urgency <= urgency:
                return None, None
            self.leave(ousted)
        ticket = Ticket(urgency, next(self._order) if order is None else order)
        self._waiting[ticket] = None
        self._place(ticket)
        return ticket, ousted

    def hasten(self, ticket: Ticket, urgency: Urgency) -> None:
        """Move a waiting ticket ahead: a customer has joined it."""
        if not ticket.is_over and urgency < ticket.urgency:
            ticket.urgency = urgency
            self._place(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Give a place up."""
        ticket.is_over = True
        self._waiting.pop(ticket, None)

    def next(self, now_ns: int, per_second: float) -> Ticket | None:
        """Return whose turn it is, its place given up, or None when nobody waits or it is too early."""
        if now_ns < self._free_ns:
            return None
        while self._row:
            place = heapq.heappop(self._row)
            if not place.ticket.is_over and place.urgency is place.ticket.urgency:
                self.leave(place.ticket)
                self._free_ns = now_ns + math.ceil(SECOND_NS * MARGIN / per_second)
                return place.ticket
        return None

    def free_at_ns(self) -> int:
        """Return the monotonic time from which the next may go."""
        return self._free_ns

    def _place(self, ticket: Ticket) -> None:
        heapq.heappush(self._row, _Place(ticket.urgency, ticket.order, ticket))
