"""The authority over rates: a script inside Valkey, where it has one clock and no two calls at once.

It keeps, for each key in use, when its bucket would be full again and when it was last idle, from and to (`{rate}:<key>`,
microseconds of Valkey's clock): what a node tells late, after an outage, was let in then and takes that room first. In
`{rate}:nodes` it keeps when each node was last heard. A node that was not heard for `absent` microseconds is taken for one that is
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
    local full_at, idle_from, idle_to = string.match(redis.call('GET', name) or '0 0 0', '^(%d+) (%d+) (%d+)$')
    full_at, idle_from, idle_to = tonumber(full_at), tonumber(idle_from), tonumber(idle_to)
    -- A node that remembers more than we do: we were restarted. It is believed as far as it could be true.
    full_at = math.max(full_at, math.min(view, math.floor(now + interval * burst * (expected + 1))))
    local function charge(cost, at)
        if at < idle_to then
            local from = math.max(idle_from, at)
            local room = math.max(0, math.min(cost, idle_to - from))
            if room > 0 then idle_from, cost = from + room, cost - room end
        end
        if cost > 0 then
            if at > full_at then idle_from, idle_to, full_at = full_at, at, at end
            full_at = full_at + cost
        end
    end
    -- What was let in while nobody could be told counts from then, and from before anybody was missed; of a share counts
    -- what its bucket has not filled up for.
    if requests > 0 then
        charge(math.ceil(requests * interval * (age > absent and 1 or expected / present)), math.max(0, math.floor(now - age)))
    end
    if share > 0 then charge(math.ceil(share * interval), now) end
    local kept_ms = math.max(0, math.floor((full_at - now) / 1000)) + 60000
    redis.call('SET', name, whole(full_at) .. ' ' .. whole(idle_from) .. ' ' .. whole(idle_to), 'PX', whole(kept_ms))
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
