"""Where shared prices lie: one hash per asset, a field per venue, the younger trade first, each gone when it is of no use."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from trinity_beast.feeds import MappedAsset
from trinity_beast.pricing.cache.model import SharedPrice
from trinity_beast.storage import Script, Valkey

PIPELINE_MAX = 500
"""Packing more than this at once would hold the loop, and the trades that come in, for too long."""

_encoder = msgspec.json.Encoder()

# ARGV: venue, the value, its exchange time (19 digits), until when it is of use (16 digits, µs). Answers 1 where it was
# written, 0 where a younger one lies there or it has expired on its way, -1 where the key holds something else. Numbers in
# Lua are binary floats, so times are compared as texts of one length. What lies a minute ahead of now was never printed.
_PUT = Script("""
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local left_ms = math.ceil((ARGV[4] - now_us) / 1000)
if left_ms <= 0 then return 0 end
local held = redis.pcall('HGET', KEYS[1], ARGV[1])
if type(held) == 'table' and held.err then return -1 end
if held then
  local held_time, held_until = string.match(held, '^{"exchange_time_ns":(%d+),.*,"expires_us":(%d+)}$')
  local latest = string.format('%016.0f', now_us + 60000000) .. '000'
  if held_time and #held_time == 19 and #held_until == 16 and held_time <= latest then
    if held_time > ARGV[3] or (held_time == ARGV[3] and held_until >= ARGV[4]) then return 0 end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < left_ms then redis.call('PEXPIRE', KEYS[1], left_ms) end
return 1
""")


@dataclass(frozen=True, slots=True)
class Put:
    """What became of prices that were offered: written, left because a younger one lies there, barred by a foreign key."""

    written: int = 0
    outdone: int = 0
    barred: int = 0


class Shelf:
    """The prices of one market in the shared cache. `source_prefix` keeps the lab's apart from the real ones by the key too."""

    def __init__(self, cache: Valkey, *, source_prefix: str = "") -> None:
        self._cache, self.source_prefix = cache, source_prefix

    async def time_us(self, *, within_seconds: float) -> int:
        """Return the cache's own time in microseconds.

        Raises:
            DependencyAway: the cache is away.
        """
        return await self._cache.time_ns(within_seconds=within_seconds) // 1_000

    async def put(self, prices: Sequence[SharedPrice], *, within_seconds: float) -> Put:
        """Write up to `PIPELINE_MAX` prices in one pipeline; each only where no younger one lies.

        Raises:
            DependencyAway: the cache is away; some may have been written.
        """
        assert len(prices) <= PIPELINE_MAX, "a longer list is put in parts"
        if not prices:
            return Put()
        answers = await self._cache.pipeline(
            [
                _PUT.call(
                    [self._key(price.asset)],
                    [price.venue, _encoder.encode(price), price.exchange_time_ns, price.expires_us],
                )
                for price in prices
            ],
            within_seconds=within_seconds,
        )
        return Put(answers.count(1), answers.count(0), answers.count(-1))

    async def look(self, rows: Sequence[MappedAsset], *, within_seconds: float) -> tuple[int, list[bytes | None]]:
        """Return the cache's time in microseconds, and what lies there for each of the rows, `PIPELINE_MAX` at most.

        Raises:
            DependencyAway: the cache is away.
        """
        assert len(rows) <= PIPELINE_MAX, "a longer list is looked up in parts"
        answers = await self._cache.pipeline(
            [("TIME",), *(("HGET", self._key(row.asset), row.venue) for row in rows)],
            leaves_out_refused=True,
            within_seconds=within_seconds,
        )
        time = answers[0]
        assert isinstance(time, list), "TIME answers with seconds and microseconds"
        return int(time[0]) * 1_000_000 + int(time[1]), [each if isinstance(each, bytes) else None for each in answers[1:]]

    def _key(self, asset: str) -> str:
        return f"{self.source_prefix}price:{asset}"
