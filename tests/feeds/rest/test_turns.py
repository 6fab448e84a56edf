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
