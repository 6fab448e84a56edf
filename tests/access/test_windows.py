from trinity_beast.access.windows import Window, windows

POLICY, STATE = '"burst";q=10;w=2, "month";q=1000;w=2678400', '"burst";r=9;t=1, "month";r=998;t=86400'


def test_every_limit_told_is_a_window_in_its_order() -> None:
    told = windows([("RateLimit-Policy", POLICY), ("X-RateLimit-Limit", "10"), ("RateLimit", STATE)])
    assert list(told) == [Window("burst", 10, 9, 2, 1), Window("month", 1_000, 998, 2_678_400, 86_400)]
    assert [window.used for window in told] == [1, 2]


def test_nobody_has_no_windows() -> None:
    assert list(windows([("RateLimit-Policy", '"key";q=0'), ("RateLimit", '"key";r=0')])) == []
    assert list(windows([])) == []
