"""The authority over rates: a script inside Valkey, where it has one clock and no two calls at once.

It keeps, for each key in use, when its bucket would be full again (`{rate}:<key>`, microseconds of Valkey's clock), and in
`{rate}:nodes` when each node was last heard. A node that was not heard for `absent` microseconds is taken for one that is
cut off and spends its share: the others' rates are slowed down by as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from trinity_beast.storage import Call, Script

NODES = "{rate}:nodes"
KEY_PREFIX = "{rate}:"
LATE = b"late"

SCRIPT = Script(
    """
local node, expected, absent, deadline, batch = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function whole(number) return string.format('%.0f', number) end
if now > deadline then return {whole(now), 'late'} end

redis.call('HSET', KEYS[1], node, whole(now) .. ' ' .. whole(expected))
redis.call('EXPIRE', KEYS[1], 86400)
local heard, present = redis.call('HGETALL', KEYS[1]), 0
for place = 1, #heard, 2 do
    local seen, theirs = string.match(heard[place + 1], '^(%d+) (%d+)$')
    if now - seen <= absent then
        present = present + 1
        expected = math.max(expected, tonumber(theirs))
    elseif now - seen > 3600000000 then
        redis.call('HDEL', KEYS[1], heard[place])
    end
end
expected = math.max(expected, present)

local stood, position = {}, 1
while position <= #batch do
    local key, requests, age, share, interval, burst, view
    key, requests, age, share, interval, burst, view, position = struct.unpack('<I4I4dI4dI4d', batch, position)
    local name = '{rate}:' .. whole(key)
    local full_at = tonumber(redis.call('GET', name) or '0')
    -- A node that remembers more than we do: we were restarted. It is believed as far as it could be true.
    full_at = math.max(full_at, math.min(view, math.floor(now + interval * burst * (expected + 1))))
    -- What was let in while nobody could be told counts from then; of a share, what its bucket has not filled up for.
    if requests > 0 then
        full_at = math.max(full_at, now - age) + math.ceil(requests * interval * expected / present)
    end
    if share > 0 then
        full_at = math.max(full_at, now) + math.ceil(share * interval)
    end
    redis.call('SET', name, whole(full_at), 'PX', whole(math.max(0, math.floor((full_at - now) / 1000)) + 60000))
    stood[#stood + 1] = struct.pack('<d', full_at)
end
return {whole(now), whole(present), whole(expected), table.concat(stood)}
"""
)


@dataclass(frozen=True, slots=True)
class Told:
    """What the authority answered: its clock, by how much rates are slowed down, and where each key's bucket stands."""

    authority_us: int
    stretch: float
    buckets: bytes


def telling(node: str, batch: bytes, *, nodes: int, absent_us: int, deadline_us: int) -> Call:
    """Return the call that tells what a node has spent. It is not heard after `deadline_us` of the authority's clock."""
    return SCRIPT.call([NODES], [node, nodes, absent_us, deadline_us, batch])


def told(answer: object) -> Told | None:
    """Read the script's answer; None where the call came too late to be heard."""
    words = cast("Sequence[bytes]", answer)
    if len(words) == 2 and words[1] == LATE:
        return None
    authority_us, present, expected, buckets = words
    return Told(int(authority_us), int(expected) / int(present), buckets)
