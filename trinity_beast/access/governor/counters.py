"""What the nodes tell one another: counters in the shared cache, under one slot."""

from dataclasses import dataclass
from typing import cast

from trinity_beast.access.governor.rules import Answers
from trinity_beast.storage import Call, Script

NODES = "{adaptive:lpo}:nodes"

SCRIPT = Script(
    """
local node, successes, total, connections, threshold = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], node, string.format('%.0f', now) .. ' ' .. successes .. ' ' .. total .. ' ' .. connections)
redis.call('EXPIRE', KEYS[1], 60)
local all, good, asked, others = redis.call('HGETALL', KEYS[1]), 0, 0, 0
for place = 1, #all, 2 do
    local seen, theirs, of, open = string.match(all[place + 1], '^(%d+) (%d+) (%d+) (%d+)$')
    if now - seen > 3000 then
        redis.call('HDEL', KEYS[1], all[place])
    else
        good, asked = good + theirs, asked + of
        if all[place] ~= node then others = others + open end
    end
end
local throttle = asked > 0 and good / asked < threshold and 1 or 0
redis.call('SET', '{adaptive:lpo}:successes', string.format('%.0f', good), 'PX', 10000)
redis.call('SET', '{adaptive:lpo}:total', string.format('%.0f', asked), 'PX', 10000)
redis.call('SET', '{adaptive:lpo}:throttle', throttle, 'PX', 10000)
return {string.format('%.0f', good), string.format('%.0f', asked), string.format('%.0f', others)}
"""
)


@dataclass(frozen=True, slots=True)
class Others:
    """The cluster's last second, and how many connections the other nodes have open."""

    answers: Answers
    connections: int


def telling(node: str, own: Answers, connections: int, threshold: float) -> Call:
    """Return the call that tells a node's last second and asks for everybody's."""
    return SCRIPT.call([NODES], [node, own.total - own.late, own.total, connections, threshold])


def told(answer: object) -> Others:
    """Read the script's answer."""
    successes, total, connections = (int(each) for each in cast("list[bytes]", answer))
    return Others(Answers(total, total - successes), connections)
