from typing import Any

import msgspec

from tests.support.engine_keys import LIVE_SECRET, OTHER_SECRET, FakeDoorman, FakeEngineKeys, grant
from tests.web.caller import Heard, ask, get
from tests.web.serving import serving, small_app
from trinity_beast.access import Callers
from trinity_beast.access.routes import key_routes


class Recorder:
    def __init__(self) -> None:
        self.count = 0

    def record(self, **_: Any) -> int:
        self.count += 1
        return self.count


async def asked(*headers: str, path: str = "/key", **changes: object) -> tuple[Heard, Recorder]:
    keys, recorder = FakeEngineKeys(), Recorder()
    callers = Callers(keys, FakeDoorman(keys, {LIVE_SECRET: grant(**changes)}))
    async with serving(small_app([key_routes(callers)], meter=recorder)) as port:
        return await ask(port, get(path, *headers, "Connection: close")), recorder


async def test_an_owner_is_told_limits_and_use_free_and_uncounted() -> None:
    heard, recorder = await asked(f"Authorization: Bearer {LIVE_SECRET}", quota_left=4)
    assert heard.status == 200
    data = msgspec.json.decode(heard.body)["data"]
    assert {name: data[name] for name in list(data)[:12]} == {
        "tier": "pro", "rate_per_second": 5.0, "burst": 3, "burst_left": 3, "quota": 10, "quota_left": 4, "quota_used": 6,
        "quota_resets_at": "2026-12-01T00:00:00.000000Z", "expires_at": None, "unlimited": False, "udp": True, "in_url": False,
    }  # fmt: skip
    assert heard.headers["ratelimit"] == '"burst";r=3;t=1'
    assert recorder.count == 0
    assert LIVE_SECRET.encode() not in heard.body


async def test_a_key_without_a_monthly_bound_has_none_to_tell() -> None:
    heard, _ = await asked(f"X-API-Key: {LIVE_SECRET}", quota=None, quota_left=0)
    data = msgspec.json.decode(heard.body)["data"]
    assert (data["quota"], data["quota_used"], data["quota_resets_at"]) == (None, None, None)


async def test_a_stranger_is_refused() -> None:
    for headers, code in (((), "KEY_MISSING"), ((f"X-API-Key: {OTHER_SECRET}",), "KEY_INVALID"), (("X-API-Key: x",), "KEY_INVALID")):
        heard, _ = await asked(*headers)
        assert (heard.status, msgspec.json.decode(heard.body)["code"]) == (401, code)
    heard, _ = await asked(path=f"/key?key={LIVE_SECRET}")
    assert (heard.status, msgspec.json.decode(heard.body)["code"]) == (403, "TIER_FORBIDS")
