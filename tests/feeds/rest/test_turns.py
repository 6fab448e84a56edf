from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.rest.model import Urgency
from trinity_beast.feeds.rest.turns import Turns

SECOND_NS = 1_000_000_000
ASKS = st.lists(st.tuples(st.integers(0, 3 * SECOND_NS), st.sampled_from(Urgency)), max_size=60)


@given(ASKS, st.sampled_from([0.5, 1, 3, 10]), st.integers(1, 20))
def test_turns_keep_the_pace_the_bound_and_the_order_of_urgency(
    asks: list[tuple[int, Urgency]], per_second: float, waiting_max: int
) -> None:
    turns, given_ns = Turns(), []
    now_ns = 0
    for pause_ns, urgency in asks:
        now_ns += pause_ns
        turns.join(urgency, waiting_max=waiting_max)
        assert len(turns) <= waiting_max
        waits_for_customer = any(one.urgency is Urgency.CUSTOMER for one in turns._waiting)
        ticket = turns.next(now_ns, per_second)
        if ticket is not None:
            given_ns.append(now_ns)
            assert ticket.urgency is Urgency.CUSTOMER or not waits_for_customer
    assert all(later - earlier >= SECOND_NS / per_second for earlier, later in pairwise(given_ns))


@given(st.lists(st.sampled_from(Urgency), min_size=1, max_size=40), st.integers(1, 10))
def test_where_there_is_no_room_only_the_less_urgent_makes_it(asks: list[Urgency], waiting_max: int) -> None:
    turns = Turns()
    for urgency in asks:
        before = sorted(one.urgency for one in turns._waiting)
        ticket, ousted = turns.join(urgency, waiting_max=waiting_max)
        if len(before) < waiting_max:
            assert ticket is not None
            assert ousted is None
        elif before[-1] > urgency:
            assert ticket is not None
            assert ousted is not None
            assert ousted.urgency == before[-1]
        else:
            assert (ticket, ousted) == (None, None)
