from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import SECOND_NS, at, trade
from trinity_beast.pricing.jumps import Jumps, Market
from trinity_beast.words import Symbol, Venue

A, B, C = ((Venue(venue), Symbol("BTC-USD")) for venue in ("coinbase", "kraken", "okx"))


class Market3:
    """Jumps, told of trades of up to three venues."""

    def __init__(self) -> None:
        self.jumps = Jumps()

    def held(self, market: Market, price: str, seconds: float = 0.0, *, others: tuple[Market, ...] = (A, B, C)) -> bool:
        told = trade(market[1], price, venue=market[0], received=at(seconds))
        return self.jumps.is_held(told, [one for one in others if one != market], percent=10.0, reference_ns=60 * SECOND_NS)


def test_a_jump_that_no_other_venue_shows_is_held_until_one_does() -> None:
    market = Market3()
    assert not market.held(A, "100")
    assert not market.held(B, "101")
    assert market.held(A, "120", 1)
    assert market.held(A, "121", 2)
    assert not market.held(B, "119", 3)
    assert not market.held(A, "121", 4)


def test_venues_that_fall_together_do_not_wait_for_each_other() -> None:
    market = Market3()
    for one in (A, B, C):
        assert not market.held(one, "100")
    assert [market.held(one, "50", 1) for one in (A, B, C, A)] == [True, False, False, False]


def test_a_venue_that_comes_back_to_its_own_price_is_believed_at_once() -> None:
    market = Market3()
    market.held(A, "100")
    market.held(B, "100")
    assert market.held(A, "1000", 1)
    assert not market.held(A, "100.5", 2)


def test_an_asset_of_a_single_venue_is_never_held() -> None:
    market = Market3()
    assert not market.held(A, "100", others=(A,))
    assert not market.held(A, "1", others=(A,))


def test_what_others_said_long_ago_holds_nothing_back() -> None:
    market = Market3()
    market.held(A, "100")
    market.held(B, "100")
    assert not market.held(A, "150", 61)


def test_a_venue_heard_for_the_first_time_is_held_by_two_others_not_by_one() -> None:
    market = Market3()
    market.held(B, "100")
    assert not market.held(A, "1000")
    market = Market3()
    market.held(B, "100")
    market.held(C, "100")
    assert market.held(A, "1000")


def test_what_left_the_map_is_forgotten() -> None:
    market = Market3()
    market.held(A, "100")
    market.held(B, "100")
    market.jumps.keep([A])
    assert not market.held(A, "150", 1)


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(1, 1_000)), max_size=60))
def test_one_wild_venue_never_gets_a_price_through_that_the_others_do_not_share(wild: list[tuple[Market, int]]) -> None:
    market = Market3()
    for one in (A, B, C):
        market.held(one, "100")
    for number, (calm, price) in enumerate(wild):
        seconds = number / 1_000
        assert not market.held(calm, "100", seconds)
        assert market.held(C, str(price), seconds) is not (price * 1.1 >= 100 and price <= 110)
        assert not market.held(C, "100", seconds)
