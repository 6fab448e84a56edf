"""The engine as Python sees it: the data half, which answers what it knows and waits for nothing.

Everything here may be called from any thread. No call blocks a request; calls that may wait release the GIL.
Times ending in `_ns` are integers: Unix time where the name says wall or exchange, else the machine's monotonic clock.
"""

from collections.abc import Mapping, Sequence
from typing import final

__all__ = [
    "Blocklist",
    "Book",
    "Clock",
    "Counters",
    "Door",
    "Engine",
    "Governor",
    "Handed",
    "Inlet",
    "Intake",
    "KeyUse",
    "Keys",
    "Leases",
    "Limits",
    "Load",
    "LoadFound",
    "News",
    "Policy",
    "Questions",
    "Quotas",
    "Reading",
    "Refusal",
    "Segment",
    "Spool",
    "Standing",
    "Tries",
    "UsageBatch",
    "UsageRows",
    "Verdict",
    "Wanted",
    "read_frame",
    "read_segment",
    "spool_segments",
    "usage_words",
]

@final
class Clock:
    """The engine's time, guarded: a step of the wall clock is counted and not followed (see `wall_ns`)."""

    @staticmethod
    def system() -> Clock:
        """Return the machine's clock."""
        ...

    @staticmethod
    def manual(wall_ns: int, monotonic_ns: int) -> Clock:
        """Return a clock that stands still until told, for tests."""
        ...

    def wall_ns(self) -> int:
        """Return Unix time as the engine reckons it.

        It follows the machine's wall clock by at most 500 parts in a million, so that a correction by NTP is
        absorbed and a step can neither revive nor kill a price.
        """
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds that also pass while the machine sleeps. Never steps back."""
        ...

    def steps(self) -> int:
        """Return how often the wall clock was seen to jump by more than a second."""
        ...

    def advance(self, nanoseconds: int) -> None:
        """Move a manual clock, wall and monotonic together.

        Raises:
            ValueError: this is the machine's clock, or `nanoseconds` is negative.
        """
        ...

    def step_wall(self, nanoseconds: int) -> None:
        """Jump a manual clock's wall time only, as an operator or NTP would.

        Raises:
            ValueError: this is the machine's clock.
        """
        ...

@final
class Limits:
    """Bounds on what the engine gives to callers it knows nothing of. Every wait and every queue has one."""

    def __new__(
        cls,
        *,
        header_bytes_max: int = 16_384,
        header_seconds: float = 10.0,
        idle_seconds: float = 75.0,
        connections_max: int = 16_000,
        connections_per_address_max: int = 12_000,
        unsent_bytes_max: int = 262_144,
        unsent_seconds: float = 20.0,
        handed_max: int = 1_024,
        questions_max: int = 4_096,
        question_seconds: float = 5.0,
        assets_per_request_max: int = 1_000,
        assets_per_datagram_max: int = 8,
        datagram_bytes_max: int = 1_200,
        segment_bytes: int = 4_194_304,
        segment_seconds: float = 1.0,
    ) -> Limits:
        """Take the bounds given, the rest by default.

        Raises:
            ValueError: a bound is zero, negative or absurd; the message names it and its range.
        """
        ...

@final
class Engine:
    """One node's engine. Built once; started and stopped once."""

    def __new__(
        cls,
        *,
        node: str,
        region: str,
        version: str,
        digest_secret: bytes,
        spool_directory: str | None,
        quota_directory: str | None = None,
        threads: int,
        clock: Clock,
        limits: Limits,
    ) -> Engine:
        """Prepare an engine; nothing listens yet.

        `digest_secret` keys the HMAC under which keys are known. `spool_directory` None keeps no usage records
        (benchmarks and tests only). In `quota_directory` it is counted what is spent of quotas that come in blocks; None
        counts it in memory, and nothing is given back of what a killed process had.

        Raises:
            ValueError: an argument is out of range.
            OSError: a directory cannot be used.
        """
        ...

    @property
    def book(self) -> Book: ...
    @property
    def intake(self) -> Intake: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def governor(self) -> Governor: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def quotas(self) -> Quotas: ...
    @property
    def blocklist(self) -> Blocklist: ...
    @property
    def tries(self) -> Tries: ...
    @property
    def counters(self) -> Counters: ...
    @property
    def spool(self) -> Spool: ...
    @property
    def door(self) -> Door: ...
    @property
    def questions(self) -> Questions: ...
    @property
    def wanted(self) -> Wanted: ...
    def set_refusals(self, refusals: Sequence[Refusal]) -> None:
        """Replace the texts of what the engine refuses by itself, effective from the next answer on.

        A code or a language that none of them speaks of keeps plain English. Codes the engine never says are ignored.
        """
        ...

    def set_limits(self, limits: Limits) -> None:
        """Put other bounds in force from the next request on, for connections that are open too.

        What queues and segments were made by stays as it was at the start: `handed_max`, `questions_max`, `datagram_bytes_max`
        and `segment_bytes`. Nobody is sent away because fewer connections are let in.
        """
        ...

    def request_id(self) -> str:
        """Return a new request id, 12 characters, for a request that Python answers: unlike any other of this node."""
        ...

    def listen_http(self, host: str, port: int) -> int:
        """Listen for HTTP/1.1 with one socket per thread and return the port (chosen when `port` is 0).

        Raises:
            OSError: the address is taken or not ours.
        """
        ...

    def listen_udp(self, host: str, port: int) -> int:
        """Listen for datagrams with one socket per thread and return the port (chosen when `port` is 0).

        Raises:
            OSError: the address is taken or not ours.
        """
        ...

    def start(self) -> None:
        """Start the threads. From here on requests are answered.

        Raises:
            RuntimeError: it was started before.
            OSError: the machine refuses a thread or a descriptor.
        """
        ...

    def stop_accepting(self) -> None:
        """Close the listeners; open connections finish what is in flight and are told `Connection: close`."""
        ...

    def stop(self, grace_seconds: float) -> int:
        """Stop the threads, waiting up to `grace_seconds` for requests in flight, and seal the spool.

        Returns how many connections had to be cut.
        """
        ...

@final
class Refusal:
    """What the engine says when it refuses: one code, in one language."""

    def __new__(cls, code: str, status: int, title: str, message: str, fix: str, *, language: str = "en") -> Refusal:
        """Say `code` in `language` (`en`, `pt-BR`).

        `message` and `fix` may name facts: `{asset}`, `{age_seconds}`, `{retry_after_seconds}`, `{resets_in_seconds}` and
        `{most}`, the bound that was passed. Any other word in braces is left as it stands.

        Raises:
            ValueError: `code` travels under another status.
        """
        ...

@final
class Book:
    """The prices the engine may answer with, one per asset. A publish is seen by every thread at once."""

    def publish(
        self,
        asset: str,
        price: str,
        quote: str,
        venue: str,
        source: str,
        *,
        exchange_time_ns: int,
        received_monotonic_ns: int,
        usable_for_ns: int,
        state: str = "live",
        cache_tier: str = "memory",
        prewarmed: bool = True,
    ) -> None:
        """Make `price` the answer for `asset` from the next request on. No request waits for it.

        `price` goes to the wire digit for digit. Its age is reckoned at each reading: the age it had by the venue's
        clock when it was received, plus what the monotonic clock has counted since. At `usable_for_ns` of age and
        beyond it is refused as stale.

        Raises:
            ValueError: `price` is not plain decimal digits with at most one point, 40 characters at most; a name is
                longer than its bound (asset 16, quote 8, venue 20, source 28) or has other characters than its kind
                allows; or a time is out of range.
        """
        ...

    def announce(self, asset: str, *, prewarmed: bool = True) -> None:
        """Make `asset` known without a price: until one is published it is refused as unavailable, not unknown.

        Raises:
            ValueError: `asset` is no asset code.
        """
        ...

    def offer(self, assets: Sequence[str]) -> None:
        """Say which assets can be fetched on demand; this replaces what was said before.

        A datagram that asks for one of them while it is unknown waits (see `Wanted`). Over HTTP it is handed over like any
        unknown asset.

        Raises:
            ValueError: one is no asset code.
        """
        ...

    def retire(self, asset: str) -> bool:
        """Forget `asset`; whether it was known."""
        ...

    def read(self, asset: str) -> Reading | None:
        """Return what a request would be told of `asset` now, or None when it is unknown."""
        ...

    def assets(self) -> list[str]:
        """Return every known asset, in order."""
        ...

@final
class Intake:
    """Reads the venues' frames by their rows and makes ordinary trades answerable; all else it leaves to Python.

    A frame is taken whole or not at all. It is taken where it is certain to be nothing but live trades, each of a symbol
    that its connection holds (`Inlet.hold`) and that is permitted (`permit`), not before its subscription and not ahead of
    our clock by more than `Inlet.set_ahead`; where the symbols' newest trades are not older than what is held, come while
    it may still be served, and lie within `jump_share` of the last price believed; where the frame's number, if the venue
    numbers them, is the next; and ten times a second a venue's frame is not taken so that Python sees a sample. Late and
    repeated trades of such a frame are counted and dropped. Before the first `set_bounds` nothing is taken.
    """

    def set_bounds(self, *, stale_after_ns: int, gaps: float, window_min_ns: int, window_max_ns: int, proof_wait_ns: int) -> None:
        """Go by these bounds from the next frame on: they say until when a trade may be served, as `pricing/tick.py` reckons it."""
        ...

    def inlet(self, venue: str, number: int, program: str) -> Inlet | None:
        """Return a way in for the connection `number` of a venue, whose frames are read by `program`.

        None when `program` says what the engine does not follow; see `feeds/reading/compiled.py`.
        """
        ...

    def last(self, venue: str, symbol: str) -> tuple[int, str, int] | None:
        """Return a symbol's last trade that was let through, here or there: its exchange time, digits and connection."""
        ...

    def note(self, venue: str, symbol: str, exchange_time_ns: int, price: str, number: int) -> None:
        """Note a trade that Python let through, as the one that no further trade may be older than.

        Raises:
            ValueError: `price` is longer than 40 characters.
        """
        ...

    def forget(self, venue: str, symbol: str | None = None) -> None:
        """Forget a symbol's last trade, or those of a whole venue, and take none until it is permitted again."""
        ...

    def permit(
        self,
        venue: str,
        symbol: str,
        answers: Sequence[tuple[str, str, str, bool]],
        *,
        held_time_ns: int,
        told_time_ns: int,
        told_monotonic_ns: int,
        heard_ns: int,
        usable_until_ns: int,
        can_prove: bool,
        believed: float,
        jump_share: float | None,
        gaps_heard: int,
        long_gap_ns: int,
    ) -> None:
        """Let a symbol's ordinary trades be taken, each the answer for every asset of `answers` from the next request on.

        An answer is an asset, what it is priced in, the source's tag, and whether it is prewarmed; with none of them trades
        are taken and published nowhere. `held_time_ns` is the exchange time of what is held, `told_time_ns` and
        `told_monotonic_ns` when it counts as received; `heard_ns` and `usable_until_ns` are monotonic. `jump_share` None lets
        every price pass. `gaps_heard` and `long_gap_ns` are the symbol's rhythm. Each trade that is taken brings all of them
        forward; one of the instant of what is held counts as received with that one, if it were younger otherwise.

        Raises:
            ValueError: a name is outside its bounds (see `Book.publish`).
        """
        ...

    def close(self, venue: str, symbol: str) -> None:
        """Leave every trade of a symbol to Python."""
        ...

    def close_all(self) -> None:
        """Leave every trade to Python."""
        ...

    def news(self, most: int | None = None) -> list[News]:
        """Return the newest trade of each symbol of which some were taken since it was told last: of every one, or of `most`."""
        ...

    def news_of(self, venue: str, symbol: str) -> News | None:
        """Return the newest trade of a symbol if some were taken since it was told last."""
        ...

@final
class Inlet:
    """One connection's way into the intake. It ends with this object."""

    def take(self, payload: bytes) -> bool:
        """Take a whole text message; False when it is Python's to read, and nothing has happened.

        The clock is read once a frame: its trades are received when that is done.
        """
        ...

    def hold(self, symbol: str, since_ns: int) -> None:
        """Let this connection's trades of a symbol count that are of `since_ns` (Unix time by the venue's clock) or later."""
        ...

    def release(self, symbol: str) -> None:
        """Take no trade of a symbol from this connection any more."""
        ...

    def set_ahead(self, ahead_ns: int) -> None:
        """Believe trades that are so far ahead of the guarded wall clock; none at first."""
        ...

    @property
    def sequence(self) -> int | None:
        """The number of the connection's last frame, where the venue numbers them. A frame is taken only when its number is the next."""
        ...

    @sequence.setter
    def sequence(self, value: int | None) -> None: ...
    def tally(self) -> tuple[int, int, int, int, int] | None:
        """Return what was taken since this was asked last, or None for nothing.

        Frames; trades that went on, late ones, repeated ones; and when (monotonic) the last frame came.
        """
        ...

    def close(self) -> None:
        """Take nothing any more; the last tally goes with it."""
        ...

@final
class News:
    """The newest of the trades that were taken of a symbol, when the first of its instant was told, and the symbol's rhythm."""

    @property
    def venue(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def price(self) -> str: ...
    @property
    def exchange_time_ns(self) -> int: ...
    @property
    def received_time_ns(self) -> int: ...
    @property
    def received_monotonic_ns(self) -> int: ...
    @property
    def told_time_ns(self) -> int: ...
    @property
    def told_monotonic_ns(self) -> int: ...
    @property
    def gaps_heard(self) -> int: ...
    @property
    def long_gap_ns(self) -> int: ...

def read_frame(program: str, payload: bytes) -> list[tuple[str, str, int]] | None:
    """Read a frame by `program`: its trades as symbol, digits and exchange time, oldest first; None when it is Python's to read.

    What the intake reads by, alone: for whoever wants to compare the two readers.

    Raises:
        ValueError: `program` says what the engine does not follow.
    """
    ...

@final
class Reading:
    """One asset's price as of the moment it was read."""

    @property
    def asset(self) -> str: ...
    @property
    def price(self) -> str | None:
        """The venue's digits, or None while nothing has been published."""
        ...

    @property
    def quote(self) -> str: ...
    @property
    def venue(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def cache_tier(self) -> str: ...
    @property
    def state(self) -> str:
        """`live`, `quiet`, `rest`, `stale`, `halted`, `converted`, or `unavailable`."""
        ...

    @property
    def exchange_time_ns(self) -> int: ...
    @property
    def received_time_ns(self) -> int: ...
    @property
    def age_ns(self) -> int: ...

@final
class Policy:
    """What one key may do. Python decides it, the engine applies it."""

    def __new__(
        cls,
        *,
        key_id: int,
        rate_per_second: float,
        burst: int,
        quota: int | None,
        quota_left: int = 0,
        quota_resets_at_ns: int = 0,
        quota_in_blocks: bool = False,
        expires_at_ns: int | None = None,
        unlimited: bool = False,
        udp: bool = True,
        in_url: bool = False,
        account_id: int = 0,
        prices: bool = True,
        assets_max: int = 1_000,
        networks: Sequence[str] | None = None,
        origins: Sequence[str] | None = None,
        rank: int = 3,
    ) -> Policy:
        """Describe a key. `quota` None means no monthly quota; `unlimited` bypasses rate and quota alike.

        `key_id` is 1 to 2**32 - 1: what usage records name the key by. Where `quota_in_blocks`, what is left of the quota
        is what `Quotas` was delivered, not `quota_left`. `quota_resets_at_ns` and `expires_at_ns` are Unix times.
        `account_id` 0 is no account. `prices` False is a key for something else. `assets_max` bounds what one request may name.
        A key with `networks` (addresses or CIDR) is used from there alone; one with `origins` (`https://example.org`,
        `https://*.example.org`) by pages of those alone, and so never over UDP.

        Raises:
            ValueError: a number is out of range, or a text is no network or origin; the message names it.
        """
        ...

@final
class Verdict:
    """What a key was told when it asked for one request."""

    @property
    def code(self) -> str:
        """`OK`, `KEY_UNKNOWN` (never heard of: ask the store), or the code of the refusal."""
        ...

    @property
    def key_id(self) -> int: ...
    @property
    def headers(self) -> list[tuple[str, str]]:
        """The rate-limit headers that belong on the answer."""
        ...

    @property
    def retry_after_seconds(self) -> int | None: ...

@final
class Keys:
    """The keys the engine answers, by digest. It never sees a list of plain ones."""

    def digest_of(self, secret: str) -> bytes:
        """Return HMAC-SHA-256 of `secret` under the server secret, 32 bytes: the only form in which keys are kept."""
        ...

    def admit(self, digest: bytes, policy: Policy) -> None:
        """Let the key ask from the next request on, or change what it may do.

        A key that is known keeps its bucket's level, and its quota's count unless `quota_resets_at_ns` moved.

        Raises:
            ValueError: `digest` is not 32 bytes.
        """
        ...

    def refuse(self, digest: bytes, code: str, *, seconds: float) -> None:
        """Remember for `seconds` that this key is refused with `code` (KEY_INVALID, KEY_REVOKED, KEY_EXPIRED).

        Such memories are bounded; past the bound the oldest are dropped.

        Raises:
            ValueError: `digest` is not 32 bytes, or `code` is none of these.
        """
        ...

    def forget(self, digest: bytes) -> bool:
        """Drop all that is known of a key, so that the next request asks again; whether anything was."""
        ...

    def take(
        self,
        secret: str,
        *,
        udp: bool = False,
        in_url: bool = False,
        address: str | None = None,
        origin: str | None = None,
        wants_prices: bool = True,
    ) -> Verdict:
        """Take one token of a key on behalf of Python, from the same bucket the threads use. What is refused is counted here.

        `address` and `origin` say where the request came from, for keys that are kept to networks or origins.
        A month that is used up refuses; nothing of it is spent until `charge`, once there is a price to tell.
        `wants_prices` False is a request for something else, whose scope Python looks at, and which no month pays for.
        """
        ...

    def charge(self, secret: str) -> Verdict:
        """Spend a unit of a key's month for a request that `take` let in and that is now told a price.

        `QUOTA_SPENT` when none is left; `KEY_UNKNOWN` when the key was forgotten meanwhile.
        """
        ...

    def standing(self, digest: bytes) -> Standing | None:
        """Return a key's limits and what is left of them, spending nothing; None when it is not admitted."""
        ...

    def refusal(self, digest: bytes, *, in_url: bool = False, address: str | None = None, origin: str | None = None) -> str | None:
        """Return the code with which a key that is admitted would be refused that came so and wanted no price; None where it would not.

        `KEY_EXPIRED`, `TIER_FORBIDS` or `KEY_FORBIDS`. Spends and counts nothing.
        """
        ...

    def used_since(self, monotonic_ns: int) -> list[KeyUse]:
        """Return what each admitted key was granted and refused, of those that asked at a monotonic time or later."""
        ...

    def __len__(self) -> int: ...

@final
class Governor:
    """What is shed when there is too much to do: the cheapest first, and keys of rank 4 never. At rest until `obey`."""

    def obey(
        self, *, level: float, connections_most: int, late_seconds: float, delay_seconds: float, datagrams_most: int, salt: int
    ) -> None:
        """Go by these orders from the next request on.

        Keys of a rank below `level` (0 to 4) are told OVERLOADED and their connections closed; of the rank it falls into, so
        large a part of the connections, which part `salt` says. With more than `connections_most` open connections ranks 0
        and 1 are, with a tenth more all but rank 4. An answer that took longer than `late_seconds` (0: nobody looks), waiting
        to be read included, is counted as `governed_late`, every one as `governed`. While something is shed newcomers wait
        at the door for `delay_seconds`. No more than `datagrams_most` datagrams are in progress at once.

        Raises:
            ValueError: `level` is not 0 to 4, or a time not 0 to 60 seconds.
        """
        ...

    def rest(self) -> None:
        """Shed nothing and look at nothing."""
        ...

@final
class Leases:
    """How far this node may spend of what it shares with others. Alone until `lead`, `cut` or `share` is called.

    A node in touch with the authority may be ahead of it by one lease a key. A lease is `seconds` of the key's rate, no less
    than `least`, no more than `most` and never more than the key's burst.
    """

    def set_size(self, *, seconds: float, least: int, most: int) -> None:
        """Set how large the leases of keys admitted from now on are (0.25 seconds, 100 to 10,000 unless set).

        Raises:
            ValueError: `seconds` is not within 0 to 60, or not 1 <= `least` <= `most`.
        """
        ...

    def collect(self, most: int) -> bytes:
        """Return what up to `most` keys have spent since it was last settled, as the authority reads it, and remember it.

        40 bytes a key, little endian: its number u32, requests u32, microseconds since the last of them f64, requests of an
        ended share that count still u32, microseconds from token to token f64, burst u32, and its bucket as last heard of
        f64. Between two calls `settle` or `take_back` is called.
        """
        ...

    def settle(self, answer: bytes, authority_us: int) -> None:
        """Take in the answer to what was collected: each key's bucket, f64 microseconds of the authority's clock, now `authority_us`.

        Raises:
            ValueError: the answer is to something else; what was collected is told again.
        """
        ...

    def take_back(self) -> None:
        """Have what was collected told again: whether it was heard is not known. At worst it is charged twice."""
        ...

    def lead(self, stretch: float) -> None:
        """Be in touch: spend from leases, every rate slowed down `stretch` times (1 or more) for the nodes that are out of touch."""
        ...

    def cut(self) -> None:
        """Be out of touch: spend what is left of the leases, and nothing else."""
        ...

    def share(self, nodes: int) -> None:
        """Spend, besides what is left of the leases, one of `nodes` equal shares of each limit, from buckets that begin empty now."""
        ...

    @property
    def mode(self) -> str:
        """`alone`, `leased`, `cut` or `shared`."""
        ...

    def __len__(self) -> int: ...

@final
class Quotas:
    """Quotas that come in blocks: units of a key's month that the store has handed to this node and to no other.

    A key's month is named by the key's number and the Unix time at which it ends, in nanoseconds. What is spent is counted
    in a file of this life of the node, where `quota_directory` is given: it outlives the process, though not the machine.
    """

    def deliver(self, deliveries: Sequence[tuple[int, int, int, int, bool, int]]) -> None:
        """Take delivery: key, end of its month, units, units the store has left, whether it may have more, low-water mark.

        A key whose units are spent is told RATE_LIMITED while there may be more, DEPENDENCY_AWAY while `store_is_away`, and
        QUOTA_SPENT after. With no more than the low-water mark left it is among the `hungry`.
        """
        ...

    def store_is_away(self, is_away: bool) -> None:
        """Note whether the store that hands out units can be reached."""
        ...

    def take_out(self, months: Sequence[tuple[int, int, int]]) -> list[int]:
        """Take units out again, all but so many of each key's month, and return how many. They can be spent here no more."""
        ...

    def accounts(self) -> list[tuple[int, int, int, int]]:
        """Return each key's month with the units that are here unspent and those that this life has spent."""
        ...

    def hungry(self) -> list[tuple[int, int]]:
        """Return the keys' months that want more, each once until it is delivered to."""
        ...

    def forget(self, months: Sequence[tuple[int, int]]) -> None:
        """Forget keys' months. What they have left must have been taken out."""
        ...

    @property
    def life(self) -> str:
        """The name of this life of the node; empty without a `quota_directory`."""
        ...

    def former_lives(self) -> list[tuple[str, list[tuple[int, int, int]] | None]]:
        """Return former lives that are not settled: name, and key, month and units spent; None where that cannot be believed.

        Raises:
            OSError: the directory cannot be read.
        """
        ...

    def forget_life(self, life: str) -> None:
        """Forget a former life: what it says was settled.

        Raises:
            OSError: its file cannot be removed, or no former life is called so.
        """
        ...

@final
class KeyUse:
    """What one key was granted and refused since it was admitted, over all threads, for whoever watches.

    Counted at each request and lost with the key; what is billed are the usage records.
    """

    @property
    def key_id(self) -> int: ...
    @property
    def granted(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def last_used_ns(self) -> int:
        """When it asked last, Unix time."""
        ...

@final
class Standing:
    """A key's limits and what is left of them at one moment."""

    @property
    def key_id(self) -> int: ...
    @property
    def burst(self) -> int: ...
    @property
    def rate_per_second(self) -> float: ...
    @property
    def tokens_left(self) -> int: ...
    @property
    def quota(self) -> int | None: ...
    @property
    def quota_left(self) -> int | None: ...
    @property
    def quota_resets_at_ns(self) -> int: ...
    @property
    def unlimited(self) -> bool: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...

@final
class Blocklist:
    """Addresses and networks that are refused at accept and at datagram, and cut where they are connected already."""

    def block(self, network: str, *, seconds: float | None) -> None:
        """Refuse `network` (an address or CIDR, v4 or v6) for `seconds`; until it is lifted where they are None.

        Connections that are open are cut at their next request, at the latest within a second.

        Raises:
            ValueError: `network` is neither, or `seconds` is negative.
        """
        ...

    def unblock(self, network: str) -> bool:
        """Lift a block; whether there was one."""
        ...

    def refuses(self, address: str) -> bool:
        """Return whether an address is refused now, for doors that are not the engine's. Its zone (`%eth0`) plays no part.

        Raises:
            ValueError: it is no address.
        """
        ...

    def entries(self) -> list[tuple[str, float]]:
        """Return each blocked network with the seconds it has left (infinity: until it is lifted)."""
        ...

@final
class Tries:
    """How often an address (v4; v6: a /64) may be wrong about a key before no unknown key of its is looked up for a while.

    One wrong key counts once, however often it is sent. Keys that are admitted answer all the same. Datagrams are counted
    apart, for anybody can forge their sender. The memory is of a fixed size; past it who was quiet the longest is forgotten.
    """

    def set_bounds(self, *, most: int, window_seconds: float, pause_seconds: float) -> None:
        """Go by other bounds from the next wrong key on: so many keys within the window, then a pause.

        Raises:
            ValueError: a bound is out of range; the message names it.
        """
        ...

    def set_guesses(self, *, per_second: int) -> None:
        """Ask for no more than so many keys in a second that turn out to be nobody's, whichever addresses they come from.

        Counted apart for datagrams, for addresses that were wrong within the window and for all others. Past it unknown keys are
        refused as OVERLOADED at once. Twice as many may wait at once.

        Raises:
            ValueError: out of range.
        """
        ...

    def fail(self, address: str, secret: str) -> bool:
        """Count a wrong key that Python has refused; whether that spent the address's tries.

        Raises:
            ValueError: `address` is none.
        """
        ...

    def worst(self, *, most: int) -> list[tuple[str, str, int, float]]:
        """Return up to `most` addresses that were wrong about keys lately, the worst first.

        Each as its network (v6: a /64), `http` or `udp` (where the sender may be forged), how many wrong keys, and for how many
        seconds no unknown key of it is looked up.

        Raises:
            OverflowError: `most` is negative.
        """
        ...

    def spent(self, address: str) -> tuple[int, list[tuple[str, str]]] | None:
        """Return in how many seconds unknown keys of `address` are looked up again, and the rate-limit fields; None: at once.

        Raises:
            ValueError: `address` is none.
        """
        ...

@final
class Counters:
    """What the engine has counted since it started, summed over its threads at each reading."""

    def read(self) -> dict[str, int]:
        """Return every counter by name: the 24 of the contract first, then the engine's own."""
        ...

    def add(self, name: str, amount: int = 1) -> None:
        """Count something on Python's side.

        Raises:
            KeyError: no counter has that name.
        """
        ...

    def set(self, name: str, value: int) -> None:
        """Set a gauge such as `db_open_conns`.

        Raises:
            KeyError: no counter has that name.
        """
        ...

    def latencies(self) -> dict[str, tuple[int, list[tuple[int, int]]]]:
        """Return how long answers to known keys took since the start or the last reset, summed over the threads at each reading.

        By way: `http` and `udp` are the engine's own answers, `handed` those that Python gave. Each answer with a usage record is
        counted once, by the latency that record tells. Of each way, all nanoseconds together, and the buckets that are not
        empty, each with how many answers fell into it, the shortest first.

        Below 64 ns a bucket is a nanosecond; above, a 64th of the power of two its times lie in: of `ns`, with
        `shift = ns.bit_length() - 7`, it is the bucket `64 * shift + (ns >> shift)`. The last is 1,727, which ends at 2**32 ns
        and has all that took longer, too. The bounds never change, so the sum of two nodes is the sum of their counts.
        """
        ...

    def reset(self) -> None:
        """Start counting from zero, latencies too. Gauges stay."""
        ...

@final
class Spool:
    """The usage records on disk: written before an answer leaves, kept through kill -9, sealed for shipping."""

    @property
    def boot(self) -> str:
        """The name of this start of the node, as its segments bear it: 32 hexadecimal digits."""
        ...

    def record(
        self,
        *,
        key_id: int,
        asset: str,
        asset_count: int,
        source: str,
        venue: str,
        cache_tier: str,
        state: str,
        code: str,
        status: int,
        protocol: str,
        latency_ns: int,
        answer_bytes: int,
        charged: bool = False,
        request_id: str | None = None,
    ) -> int:
        """Record a request Python answered, in the lane kept for Python, and return its sequence number there (0: lost, and counted).

        `charged` says that the answer was paid for with a unit of the key's month.

        `request_id` is one that `Engine.request_id` gave; without it the record gets one of its own.

        Raises:
            ValueError: a word is none of its kind, or a number is negative.
        """
        ...

    def seal(self) -> None:
        """Seal every open segment now, empty ones excepted. Returns when they are on disk under their sealed names."""
        ...

    def bound(self, bytes_max: int) -> None:
        """Make no further file once those of the directory take `bytes_max` bytes; until this is called there is no bound.

        What is there is kept, and the newest records are lost and counted (`usage_lost`) until something was shipped. A
        lane goes on in the two files it may hold already.
        """
        ...

    @property
    def trouble(self) -> str | None:
        """What keeps records from being written or sealed just now: a full disk, or the bound."""
        ...

    def recover(self) -> list[str]:
        """Seal what a killed process left open and return the paths. Run once, before `Engine.start`.

        Raises:
            OSError: the directory cannot be read or written.
        """
        ...

@final
class Door:
    """Connections whose request the engine does not answer, on their way to the Python HTTP server."""

    def fileno(self) -> int:
        """Return a descriptor that is readable while connections wait."""
        ...

    def take(self) -> list[Handed]:
        """Return all waiting connections and clear the descriptor. The caller owns each socket from here on."""
        ...

    def closed(self, ticket: int) -> None:
        """Tell that a handed connection has ended, making room for another."""
        ...

@final
class Handed:
    """A connection given away: its socket and the bytes already read from it."""

    @property
    def descriptor(self) -> int: ...
    @property
    def first_bytes(self) -> bytes: ...
    @property
    def peer(self) -> tuple[str, int]: ...
    @property
    def ticket(self) -> int: ...

@final
class Questions:
    """Keys the engine has not heard of. The request waits in the engine until Python has looked."""

    def fileno(self) -> int:
        """Return a descriptor that is readable while questions wait."""
        ...

    def take(self) -> list[tuple[int, bytes]]:
        """Return (ticket, digest) of all waiting questions and clear the descriptor."""
        ...

    def answer_all(self, answers: Sequence[tuple[int, str | None]]) -> None:
        """Let waiting requests go on, by ticket: each is tried again, or refused with the code given. A stale ticket is ignored.

        A key that is still unknown when it is tried again is refused with DEPENDENCY_AWAY. Each thread is woken once.

        Raises:
            ValueError: a refusal is no code of the contract; none was answered.
        """
        ...

@final
class Wanted:
    """Prices that are fetched on demand (`Book.offer`). The datagram waits in the engine until Python has looked; its token is spent."""

    def fileno(self) -> int:
        """Return a descriptor that is readable while datagrams wait."""
        ...

    def take(self) -> list[tuple[int, list[str]]]:
        """Return (ticket, assets) of all datagrams that wait and clear the descriptor. The assets are 1 to 8, each once."""
        ...

    def answer(self, ticket: int) -> None:
        """Let the waiting datagram go on: it is told what there is by now. A stale ticket is ignored.

        An asset that is still without a price is PRICE_UNAVAILABLE, as it is once `question_seconds` have passed.
        """
        ...

def spool_segments(directory: str) -> list[Segment]:
    """Return every segment in a spool directory, oldest first.

    Raises:
        OSError: the directory cannot be read.
    """
    ...

def read_segment(path: str) -> list[Mapping[str, object]]:
    """Return a segment's whole records. What is torn or damaged is left out and told by `Segment.torn_bytes`.

    Each record names its `node`, `boot`, `thread` and `sequence`, and what was answered: `time_ns`, `request_id`, `key_id`,
    `asset`, `asset_count`, `venue`, `source`, `cache_tier`, `state`, `code`, `status`, `protocol`, `latency_ns`,
    `answer_bytes`, `flags`.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no segment of a version we know.
    """
    ...

@final
class Segment:
    """One spool file and what its header and records say."""

    @property
    def path(self) -> str: ...
    @property
    def node(self) -> str: ...
    @property
    def boot(self) -> str: ...
    @property
    def thread(self) -> int: ...
    @property
    def first_sequence(self) -> int: ...
    @property
    def records(self) -> int: ...
    @property
    def lost_before(self) -> int:
        """How many records of this boot and thread had been lost, for want of room, before the first of these."""
        ...

    @property
    def torn_bytes(self) -> int:
        """Bytes that should be records and are not."""
        ...

    @property
    def file_bytes(self) -> int: ...
    @property
    def sealed(self) -> bool: ...
    @property
    def created_ns(self) -> int: ...

@final
class UsageBatch:
    """Some of one lane's usage records on their way to the database.

    (`node`, `boot`, `thread`) and the range of sequences name it for ever, so that it may be delivered any number of times.
    """

    @staticmethod
    def of_segment(path: str, *, records_max: int) -> list[UsageBatch]:
        """Return a sealed segment's records, cut into batches at the same places each time. None where it holds no whole record.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is no segment of a version we know.
        """
        ...

    @staticmethod
    def unpacked(packed: bytes) -> UsageBatch:
        """Return the batch that `packed` made these bytes of.

        Raises:
            ValueError: they are no batch, damaged, of another version, or larger than a batch can be.
        """
        ...

    def cut(self, *, records_max: int) -> list[UsageBatch]:
        """Return the batch in pieces of at most so many records, in their order."""
        ...

    def packed(self) -> bytes:
        """Return the batch as bytes: columns, compressed, with a sum."""
        ...

    @property
    def node(self) -> str: ...
    @property
    def boot(self) -> str: ...
    @property
    def thread(self) -> int: ...
    @property
    def first_sequence(self) -> int: ...
    @property
    def last_sequence(self) -> int:
        """The sequence of its last record; there may be fewer records than sequences, where some were damaged on disk."""
        ...

    @property
    def records(self) -> int: ...
    @property
    def sources(self) -> list[tuple[str, str]]:
        """The venue and source tag of each source number, in order."""
        ...

    def spread(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many answers were served, by asset (the first of several) and by source tag. Refusals are left out."""
        ...

    def rows(self, *, lane: int, node: int, sources: Sequence[int], stored: Sequence[tuple[int, int]] = ...) -> UsageRows:
        """Return the rows to be stored: all but those whose sequence lies in a `stored` range, whose both ends are included.

        `lane`, `node` and `sources` are the database's numbers of what the batch names, `sources` in the batch's order.

        Raises:
            ValueError: not one number for each source.
        """
        ...

@final
class UsageRows:
    """Usage rows as PostgreSQL's binary COPY takes them, and what they add to each key's counts."""

    @property
    def records(self) -> int: ...
    @property
    def days(self) -> list[tuple[int, int, bytes]]:
        """By day (days since 1970-01-01, UTC): how many rows, and their COPY stream."""
        ...

    @property
    def sums(self) -> list[tuple[int, int]]:
        """By day, as `days`: the sum of each row's number, which PostgreSQL reckons from the stored row as `hash_record_extended`."""
        ...

    @property
    def times(self) -> list[tuple[int, int, int]]:
        """By day, as `days`: the earliest and the latest Unix time of its rows, in µs."""
        ...

    @property
    def counts(self) -> list[tuple[int, int, int, int, int, int, int]]:
        """By key and day: key id, day, answers, of them charged, of them refused, bytes of the answers, Unix time of the last in µs."""
        ...

def usage_words() -> list[tuple[str, list[str]]]:
    """Return the words behind a row's small numbers (`cache_tier`, `protocol`, `state`, `code`), each list in the order of its numbers."""
    ...

@final
class Load:
    """One load on one target, in threads of its own: nothing of a node takes part in it.

    Built, it connects; `begin` has it ask; it ends by itself when its time is over and everything asked was answered or
    given up, or when it is told to stop; `finish` gives what it found. In a closed loop a caller asks again when it is
    answered. With a `rate` requests leave by the clock, and a latency counts from when its request was due, whatever kept it
    from leaving: no stall of the target hides behind those it kept waiting.
    """

    def __new__(
        cls,
        *,
        protocol: str,
        host: str,
        port: int,
        requests: Sequence[bytes],
        callers: int,
        threads: int,
        seconds: float,
        timeout_seconds: float,
        depth: int = 1,
        on_wire: int = 1,
        sockets: int = 1,
        rate: float | None = None,
        keeps_alive: bool = True,
        warm_seconds: float = 0.0,
    ) -> Load:
        """Start connecting.

        `protocol` is `tcp` (HTTP/1.1) or `udp`. `requests` are asked in turn: whole heads without bodies, or datagrams with
        twelve `#` where the id goes. `callers` are connections, each with `depth` requests in flight, or callers by
        datagram, of whom `on_wire` at most are on the wire at once over `sockets` sockets a thread; the others wait their
        turn, and their wait counts. `rate` is in requests a second over all threads. A connection is used once where
        `keeps_alive` is false. What is asked within `warm_seconds` of the beginning does not count.

        Raises:
            ValueError: something is out of bounds; the message says what.
            OSError: the host has no address, or the machine has no descriptors or threads left.
        """
        ...

    def begin(self) -> None:
        """Ask from now on, with the connections there are; the others go on trying. Once only."""
        ...

    def stop(self) -> None:
        """Close the window now. What is in flight may still be answered, for two seconds at most."""
        ...

    def progress(self) -> dict[str, int]:
        """Return how it stands: `connected` callers; `good`, `refused` and `failed` requests, warming included.

        `ready` and `over` are 0 or 1.
        """
        ...

    def wait(self, seconds: float) -> bool:
        """Wait until it is over, so long at most; whether it is."""
        ...

    def finish(self) -> LoadFound:
        """Stop, and return what was found.

        Raises:
            RuntimeError: it was finished before.
            OSError: a thread met an error of the machine.
        """
        ...

@final
class LoadFound:
    """What one load found of the requests that were due inside its window. Each is counted once: good, by code, or as failed."""

    @property
    def seconds(self) -> float:
        """How long the window was."""
        ...

    @property
    def good(self) -> int:
        """Answers that were good: a status from 200 to 299; by datagram, `"success":true`."""
        ...

    @property
    def codes(self) -> dict[str, int]:
        """All answers by what they said: `200`, `429 RATE_LIMITED`; by datagram `OK`, `KEY_INVALID`."""
        ...

    @property
    def failures(self) -> dict[str, int]:
        """Requests without an answer, by why: `connect`, `closed`, `timeout`, `malformed`, `unsent`, `cut`."""
        ...

    @property
    def late(self) -> int:
        """Answers by datagram to what was given up before, or came twice."""
        ...

    @property
    def reconnected(self) -> int:
        """Connections that were made anew."""
        ...

    @property
    def answer_bytes(self) -> int:
        """Bytes of all answers, also of those outside the window."""
        ...

    @property
    def processor_seconds(self) -> float:
        """Processor time of the load's own threads inside the window."""
        ...

    @property
    def latencies(self) -> list[tuple[int, int]]:
        """Good answers: nanoseconds, told apart to a thousandth, and how many took so long."""
        ...

    @property
    def lags(self) -> list[tuple[int, int]]:
        """By the clock: nanoseconds between a request's being due and its leaving, likewise."""
        ...
