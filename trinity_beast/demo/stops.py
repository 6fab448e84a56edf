"""The stops of the tour: what each asks, why, and what should come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from trinity_beast.words import Asset

WRONG_KEY = "tb_demo_not_a_key"
AT_ONCE = 12
"""More than the demo key may ask at once."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One question of the tour. Without a `datagram` it is asked over HTTP."""

    name: str
    title: str
    about: str
    path: str = ""
    datagram: tuple[tuple[str, object], ...] = ()
    """Fields of the datagram beside its key."""
    with_key: bool = True
    wrong_key: bool = False
    times: int = 1
    """How often it is asked without a pause; what counts is the last answer."""
    expected: frozenset[str] = frozenset(["OK"])
    """Codes that show what the stop is about."""

    def goes_well(self, code: str) -> bool:
        """Whether an answer is one this stop is about."""
        return code in self.expected


PRICED = frozenset(["OK", "PRICE_STALE", "PRICE_UNAVAILABLE"])
"""A node whose exchanges say nothing tells so rather than an old price: a tour is no judge of that."""


def tour(asset: Asset, other: Asset) -> Sequence[Stop]:
    """Return the stops in their order. They ask no faster than the demo key may, but where that is what is shown."""
    one, both = quote(asset, safe=""), quote(f"{asset},{other},NOSUCHCOIN", safe=",")
    return (
        Stop("health", "Is anybody there?", "Health is told to everybody, without a key.", "/health", with_key=False),
        Stop("price", f"One price: {asset}", ABOUT_PRICE, f"/price?asset={one}", expected=PRICED),
        Stop("prices", "Several prices at once", ABOUT_MANY, f"/prices?assets={both}", expected=PRICED),
        Stop("young", "Only if it is young enough", ABOUT_AGE, f"/price?asset={one}&max_age_ms=1", expected=PRICED),
        Stop("unknown", "An asset nobody knows", ABOUT_REFUSALS, "/price?asset=NOSUCHCOIN", expected=frozenset(["ASSET_UNKNOWN"])),
        Stop("wrong-key", "A key that is none", ABOUT_CODES, f"/price?asset={one}", wrong_key=True, expected=frozenset(["KEY_INVALID"])),
        Stop("udp", "The same price by datagram", ABOUT_UDP, datagram=(("asset", asset), ("id", "1")), expected=PRICED),
        Stop("limits", "What your key may do", "Asking is free and uncounted.", "/key"),
        Stop("too-fast", f"{AT_ONCE} at once", ABOUT_LIMITS, f"/price?asset={one}", times=AT_ONCE, expected=PRICED | {"RATE_LIMITED"}),
        Stop("exchanges", "Where prices come from", "Every exchange and how its feed stands.", "/exchanges", with_key=False),
    )


ABOUT_PRICE = (
    "The price is the venue's own digits, as a string. `age_ms` is how old it is by the venue's clock, `source` who printed it,"
    " `state` how sure we are: an old price is never sold as a young one."
)
ABOUT_MANY = "What is not known is listed under `missing`, each with its code: one bad asset never fails the rest."
ABOUT_AGE = "`max_age_ms` is a promise you ask for: a price older than that is refused, and the refusal says how old it is."
ABOUT_REFUSALS = "Every refusal has a code that never changes, a sentence, and what to do; its `type` is a page that explains it."
ABOUT_CODES = "Programs branch on the code; people read the rest."
ABOUT_UDP = (
    "One datagram asks, one answers; your `id` comes back, so that answers find their questions. An answer is at most three"
    " times as long as its question, so blanks at the end buy room."
)
ABOUT_LIMITS = "Past its rate a key is told to wait, by `Retry-After`; what is refused is not counted against its month."
