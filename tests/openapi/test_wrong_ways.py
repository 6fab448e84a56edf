"""Seven wrong ways to use each route of operators, answered as the contract says. A new route is tried by itself."""

from collections.abc import Iterator, Mapping

import pytest

from tests.openapi.described import Operation, of_operators, operations
from tests.openapi.running import ADMIN_KEY, DescribedNode, described_node, told
from tests.openapi.wrong import WAYS, Wrong, wrong_ways
from tests.support.database import Cluster
from tests.support.valkey import ValkeyServerOfATest

pytestmark = pytest.mark.slow

A_READER = "it changes nothing"
NOTHING_WITHIN_BOUNDS = "it takes nothing that has bounds"

CANNOT: Mapping[str, Mapping[str, str]] = {
    "bad body": {
        "POST /admin/reload-params": "it takes no body",
        "POST /admin/force-deploy-params": "it takes no body",
    },
    "out of range": {
        "POST /admin/reload-params": NOTHING_WITHIN_BOUNDS,
        "POST /admin/force-deploy-params": NOTHING_WITHIN_BOUNDS,
    },
    "concurrent edit": {
        "POST /admin/accounts/open": "it makes a new one each time",
        "POST /admin/keys/issue": "it makes a new one each time",
        "POST /admin/keys/rotate": "of two who rotate a key the second is told that it has ended (KEY_UNKNOWN)",
        "POST /admin/keys/revoke": "ended twice is ended",
        "POST /admin/invalidate-key": "it changes nothing but what nodes remember",
        "POST /admin/tiers/remove": "removed twice is told (TIER_UNKNOWN)",
        "POST /admin/leaks/distrust": "removed twice is told (REPORTER_UNKNOWN)",
        "POST /admin/blocklist/remove": "lifted twice is told (BLOCK_UNKNOWN)",
        "POST /admin/seed-stress-report": "the same twice is kept once, and nothing of a kept one is ever changed",
        "POST /admin/stress-reports/remove": "removed twice is told (STRESS_REPORT_UNKNOWN)",
        "POST /admin/reload-params": "it has a node look, and changes nothing",
        "POST /admin/force-deploy-params": "it has nodes look, and changes nothing",
        "POST /admin/exchange-feeds/try": A_READER,
        "POST /admin/eam/audit": "of two one is refused (AUDIT_RUNNING)",
        "POST /admin/sql": "a statement says itself what it expects, in its WHERE",
        "POST /admin/valkey": "it removes what anybody can read again, and changes nothing",
        "POST /admin/jobs/{name}/runs": "asked for twice it is done once, and told so",
        "POST /admin/db-insights/reset": "begun anew twice is begun anew",
        "POST /admin/stress-reset": "begun anew twice is begun anew",
        "POST /admin/usage/set-aside/redrive": "nothing is ever stored twice; what another stored is told (SET_ASIDE_UNKNOWN)",
        "POST /admin/usage/set-aside/discard": "discarded twice is told (SET_ASIDE_UNKNOWN)",
    },
}
"""What cannot be done wrongly in some way, and why. Routes that only read take no body and change nothing; these are the others."""

CHANGES_BY_GET = ("GET /admin/system-mode", "concurrent edit")
READS_WITHOUT_BOUNDS: Mapping[str, str] = {
    "GET /admin/accounts": NOTHING_WITHIN_BOUNDS,
    "GET /admin/cluster-stats": NOTHING_WITHIN_BOUNDS,
    "GET /admin/daily": NOTHING_WITHIN_BOUNDS,
    "GET /admin/daily/kept": "any moment may be named; what is none is a bad query",
    "GET /admin/exchange-feeds": NOTHING_WITHIN_BOUNDS,
    "GET /admin/feed-status": NOTHING_WITHIN_BOUNDS,
    "GET /admin/jobs": NOTHING_WITHIN_BOUNDS,
    "GET /admin/leaks/reporters": NOTHING_WITHIN_BOUNDS,
    "GET /admin/parameters/nodes": NOTHING_WITHIN_BOUNDS,
    "GET /admin/profiles": NOTHING_WITHIN_BOUNDS,
    "GET /admin/security": NOTHING_WITHIN_BOUNDS,
    "GET /admin/stress-stats": NOTHING_WITHIN_BOUNDS,
    "GET /admin/tiers": NOTHING_WITHIN_BOUNDS,
    "GET /admin/usage": NOTHING_WITHIN_BOUNDS,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", of_operators(), ids=str)
def test_a_wrong_use_is_refused_as_the_contract_says(node: DescribedNode, operation: Operation, way: str) -> None:
    wrong = wrong_ways(operation, way)
    why_not = _why_not(operation, way)
    if way != "concurrent edit":  # test_examples.py asks those, in a state in which somebody has changed something.
        assert [fault for each in wrong for fault in _faults(node, operation, each)] == []
    assert bool(wrong) != bool(why_not), f"{operation}, {way}: {'there is a way after all' if why_not else 'say why it cannot be'}"


def test_no_reason_is_given_for_a_route_that_is_not_there() -> None:
    there = {str(each) for each in of_operators()}
    assert {each for reasons in CANNOT.values() for each in reasons} - there == set()
    assert set(READS_WITHOUT_BOUNDS) - there == set()


def test_routes_behind_a_key_refuse_who_has_none_or_a_wrong_one(node: DescribedNode) -> None:
    for operation in operations():
        example = operation.granted
        if operation.is_for_keys and example is not None:
            for secret, code in (("", "KEY_MISSING"), ("tb_live_of_nobody", "KEY_INVALID")):
                answer = node.ask_example(operation.service, example, **{"X-API-Key": secret})
                assert (answer.status_code, told(answer)["code"]) == (401, code), operation


def test_nobody_without_the_admin_key_learns_what_operators_have(node: DescribedNode) -> None:
    answer = node.ask("LPO", "GET", "/admin/no/such/route")
    assert (answer.status_code, told(answer)["code"]) == (401, "ADMIN_KEY_MISSING")
    answer = node.ask("LPO", "GET", "/admin/no/such/route", headers=node.credentials("/admin/"))
    assert (answer.status_code, told(answer)["code"]) == (404, "NOT_FOUND")


@pytest.fixture(scope="module")
def impatient(cluster: Cluster, valkey_server: ValkeyServerOfATest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DescribedNode]:
    """A node that looks at three wrong admin keys from an address, and no more."""
    url = cluster.clone()
    try:
        with described_node(tmp_path_factory.mktemp("impatient"), url, valkey_server.url, admin_tries_max="3") as node:
            yield node
    finally:
        cluster.drop(url)


def test_tries_at_the_admin_key_are_counted_together_over_all_routes(impatient: DescribedNode) -> None:
    every = of_operators()
    for operation, expected in zip(every, ["ADMIN_KEY_WRONG"] * 3 + ["ADMIN_TRIES_SPENT"] * len(every), strict=False):
        (wrong, *_) = wrong_ways(operation, "wrong key")
        answer = impatient.ask(operation.service, wrong.method, wrong.path, headers=wrong.headers, content=wrong.content)
        if operation.service == "LPO":
            assert told(answer)["code"] == expected, operation
    answer = impatient.ask("LPO", "GET", "/admin/tiers", headers=impatient.credentials("/admin/"))
    assert (answer.status_code, told(answer)["code"]) == (429, "ADMIN_TRIES_SPENT")
    assert int(answer.headers["retry-after"]) <= 60


def _why_not(operation: Operation, way: str) -> str | None:
    if operation.method == "GET" and way in {"bad body", "concurrent edit"} and (str(operation), way) != CHANGES_BY_GET:
        return A_READER
    return {**CANNOT.get(way, {}), **(READS_WITHOUT_BOUNDS if way == "out of range" else {})}.get(str(operation))


def _faults(node: DescribedNode, operation: Operation, wrong: Wrong) -> Iterator[str]:
    headers = {**node.credentials(operation.path), **wrong.headers} if wrong.status != 401 else wrong.headers
    answer = node.ask(operation.service, wrong.method, wrong.path, headers=headers, content=wrong.content)
    found = told(answer)
    asked = f"{wrong.method} {wrong.path[:120]} {(wrong.content or b'')[:200]!r}"
    if answer.status_code != wrong.status or found.get("code") not in wrong.codes:
        yield f"{asked}: {answer.status_code} {found.get('code')}, not {wrong.status} {sorted(wrong.codes)}; {found.get('errors')}"
        return
    if answer.headers["content-type"] != "application/problem+json":
        yield f"{asked}: it is told as {answer.headers['content-type']}"
    if found.get("code") not in operation.refusals:
        yield f"{asked}: {found.get('code')} is not declared"
    if ADMIN_KEY in answer.text:
        yield f"{asked}: the admin key is told"
    if not all(found.get(name) for name in ("type", "title", "status", "detail", "errors")):
        yield f"{asked}: it is no problem by RFC 9457: {found}"
