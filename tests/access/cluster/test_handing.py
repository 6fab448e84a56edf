"""How units are handed out: never more than there are, and to the last one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.access.cluster.handing import hand_out, hand_out_all, low_water, wanted
from trinity_beast.access.cluster.model import Ask, Block, Count, Elsewhere, Handed, HandedOut, MonthOf, Others

MONTH = date(2026, 11, 1)
KEYS, NODES = 2, 3


class Store:
    """Counts of one account and its keys, and what each node holds of each."""

    def __init__(self, quota: int, account_quota: int) -> None:
        self.months = [MonthOf(key_id, MONTH, quota, 1, account_quota) for key_id in range(KEYS)]
        subjects = {subject for of in self.months for subject in of.subjects}
        self.counts = {(subject, MONTH): Count(subject, MONTH, 0) for subject in subjects}
        self.blocks: list[dict[tuple[int, date], Block]] = [{} for _ in range(NODES)]

    def hand(self, node: int, ask: Ask) -> Handed:
        place = ask.of.place
        others = Others()
        for number, blocks in enumerate(self.blocks):
            for (key_id, _), block in blocks.items():
                if (number, key_id) != (node, ask.of.key_id) and block.handed > block.spent:
                    subjects = ask.of.subjects if key_id == ask.of.key_id else ["account:1"]
                    others.hold(list(subjects), block.handed - block.spent)
        return hand_out(ask, HandedOut(self.counts, self.blocks[node], {place: others}))

    def handed(self, key_id: int) -> int:
        return sum(blocks[key_id, MONTH].handed for blocks in self.blocks if (key_id, MONTH) in blocks)


asks = st.lists(
    st.tuples(
        st.integers(0, NODES - 1), st.integers(0, KEYS - 1), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.booleans()
    ),
    max_size=60,
)


@given(quota=st.integers(0, 100), account_quota=st.integers(0, 150), asks=asks)
def test_no_more_is_in_all_hands_than_the_key_and_the_account_have(
    quota: int, account_quota: int, asks: list[tuple[int, int, int, int, int, bool]]
) -> None:
    store = Store(quota, account_quota)
    for node, key_id, wants, gives, more_spent, ends in asks:
        of = store.months[key_id]
        block = store.blocks[node].get(of.place, Block())
        spent = min(block.handed, block.spent + more_spent)
        got = store.hand(node, Ask(of, wants=wants, gives=gives, spent=spent, ends=ends))
        assert got.handed >= spent
        assert 0 <= got.elsewhere.left <= got.elsewhere.told
        for other in range(KEYS):
            assert store.handed(other) == store.counts[f"key:{other}", MONTH].handed <= quota
        assert store.handed(0) + store.handed(1) == store.counts["account:1", MONTH].handed <= account_quota


@given(quota=st.integers(1, 500), wants=st.integers(1, 40))
def test_however_many_ask_all_of_it_is_handed_out_in_the_end(quota: int, wants: int) -> None:
    store = Store(quota, quota)
    for turn in range(quota * NODES):
        node, of = turn % NODES, store.months[0]
        block = store.blocks[node].get(of.place, Block())
        block.spent = block.handed  # Whoever asks has spent all.
        if not store.hand(node, Ask(of, wants=wants, spent=block.handed)).elsewhere.left:
            break
    assert store.handed(0) == quota


def test_a_single_holder_gets_all_it_wants_and_one_of_several_a_fair_part() -> None:
    store = Store(90, 90)
    assert store.hand(0, Ask(store.months[0], wants=30)).handed == 30
    got = store.hand(1, Ask(store.months[0], wants=100))
    assert (got.handed, got.elsewhere) == (30, Elsewhere(left=30, told=60, has_more=True))
    assert store.counts["key:0", MONTH].starves


def test_an_account_binds_its_keys_together() -> None:
    store = Store(60, 100)
    assert store.hand(0, Ask(store.months[0], wants=60)).handed == 60
    got = store.hand(0, Ask(store.months[1], wants=60))
    assert (got.handed, got.elsewhere) == (20, Elsewhere(left=20, told=40, has_more=True)), "the other key has not spent its units"
    assert store.counts["account:1", MONTH].starves


@given(quota=st.integers(0, 60), wants=st.lists(st.integers(0, 40), min_size=KEYS, max_size=KEYS))
def test_of_keys_that_ask_together_none_is_told_that_the_month_is_spent_while_another_holds_units(quota: int, wants: list[int]) -> None:
    store = Store(quota, quota)
    asks = [Ask(of, wants=want) for of, want in zip(store.months, wants, strict=True)]
    got = hand_out_all(asks, HandedOut(store.counts, store.blocks[0]))
    assert sum(each.handed for each in got) <= quota
    for each in got:
        assert each.elsewhere.told == quota - each.handed, "none of it is spent"
        assert each.elsewhere.has_more == (quota > each.handed)


def test_what_one_key_gives_back_another_that_asks_with_it_gets() -> None:
    store = Store(30, 30)
    holder, asker = store.months
    store.hand(0, Ask(holder, wants=30))
    got = hand_out_all([Ask(asker, wants=10), Ask(holder, gives=30)], HandedOut(store.counts, store.blocks[0]))
    assert [each.handed for each in got] == [10, 0]


@pytest.mark.parametrize(("rate", "burst", "late", "units"), [(1.0, 1, 0.0, 5), (100.0, 200, 0.0, 600), (5.0, 10, 2.5, 1_510)])
def test_a_node_wants_enough_for_its_rate_and_for_an_outage(rate: float, burst: int, late: float, units: int) -> None:
    assert wanted(rate_per_second=rate, burst=burst, spent_per_second=late) == units
    assert low_water(rate_per_second=rate, burst=burst) < units
