"""Every example of the description, asked of a running node and answered as it says; and every refusal told there is one that is given."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import psycopg
import pytest
import schemathesis
from psycopg import sql
from schemathesis.core.failures import FailureGroup
from sqlalchemy.engine import make_url

from tests.openapi.described import SERVICES, Operation, document, operations
from tests.openapi.recording import Recorder, data_of, shape
from tests.openapi.running import ADMIN_KEY, OPERATOR, DescribedNode, told
from tests.support.processes import wait_until
from trinity_beast.compose.described import examples_of
from trinity_beast.web import Example

pytestmark = pytest.mark.slow

PROVOKED_ELSEWHERE: Mapping[str, str] = {
    "INTERNAL": "a mistake of ours; tests/web",
    "OVERLOADED": "tests/web and tests/reports fill what is bounded",
    "REQUEST_TIMEOUT": "tests/web keep a body back",
    "REQUEST_INVALID": "test_wrong_ways.py sends each operation what it cannot read",
    "REQUEST_TOO_LARGE": "test_wrong_ways.py sends each operation more than is read",
    "DEPENDENCY_AWAY": "below, with the database away",
    "ADMIN_KEY_MISSING": "test_wrong_ways.py",
    "ADMIN_KEY_WRONG": "test_wrong_ways.py",
    "ADMIN_TRIES_SPENT": "test_wrong_ways.py",
    "ADMIN_PLACE_FORBIDDEN": "tests/access: every address of a test is this machine's, from where operators may always ask",
    "KEY_MISSING": "test_wrong_ways.py",
    "KEY_INVALID": "test_wrong_ways.py",
    "KEY_REVOKED": "tests/access and tests/engine, as all that is decided about a key",
    "KEY_EXPIRED": "as KEY_REVOKED",
    "KEY_TRIES_SPENT": "as KEY_REVOKED",
    "KEY_FORBIDS": "as KEY_REVOKED",
    "TIER_FORBIDS": "as KEY_REVOKED",
    "RATE_LIMITED": "as KEY_REVOKED; of leaked keys, tests/access",
    "QUOTA_SPENT": "as KEY_REVOKED",
    "REPORT_QUOTA_SPENT": "tests/reports",
    "CURSOR_EXPIRED": "tests/reports let a cursor grow old",
    "NOT_READY": "tests/telemetry: this node is ready",
    "PRICE_STALE": "tests/pricing hold the market still",
    "PRICE_UNAVAILABLE": "as PRICE_STALE",
    "BLOCKLIST_FULL": "tests/access fill it",
    "CACHE_NONE": "tests/ops/consoles: this node has a shared cache",
    "CONSOLE_CLOSED": "tests/ops/consoles take the roles away",
    "SPOOL_UNREADABLE": "tests/usage break a file",
    "VENUE_AWAY": "tests/feeds/discovering have a venue hold its list back",
    "VENUE_UNLISTED": "tests/feeds/discovering",
    "NOTHING_BEFORE": "tests/parameters: here something was set before",
    "STATEMENTS_UNCOUNTED": "tests/ops/test_insights.py: whether they are counted is the database's",
}
"""Refusals that are declared and have no example, and where they are given."""

PROVOKED_ELSEWHERE_OF: Mapping[tuple[str, str], str] = {
    ("POST /admin/seed-stress-report", "STRESS_REPORT_UNKNOWN"): "removed between two statements",
    ("POST /admin/eam/sync", "CONFLICT"): "a row changed between the plan and its making; tests/feeds/discovering",
    ("POST /admin/eam/sync", "MAP_ROWS_INVALID"): "as CONFLICT",
    ("POST /admin/exchange-feeds/rollback", "FEED_ROW_INVALID"): "a form that today's grammar refuses; tests/feeds/editing",
    ("POST /admin/exchange-feeds/toggle", "FEED_ROW_INVALID"): "a row made by hand; tests/feeds/editing",
    ("GET /admin/system-mode", "PARAMETER_INVALID"): "a profile saved by another version; tests/parameters",
    ("POST /admin/system-mode", "PARAMETER_INVALID"): "as of GET",
    ("GET /admin/system-mode", "PARAMETERS_DISAGREE"): "as PARAMETER_INVALID",
    ("POST /admin/system-mode", "PARAMETERS_DISAGREE"): "as PARAMETER_INVALID",
}


OR_ELSE: Mapping[tuple[str, str], str] = {
    ("POST /admin/db-insights/reset", "OK"): "STATEMENTS_UNCOUNTED",
}
"""Examples that a node may refuse, for it depends on the machine it runs on."""


@pytest.mark.timeout(300)
def test_every_example_is_answered_as_it_says(node: DescribedNode, is_recording: bool) -> None:
    _set_something_aside(node)
    faults: list[str] = []
    for service in SERVICES:
        schema = schemathesis.openapi.from_dict(dict(document(service)))
        recorder = Recorder(service)
        for number, example in enumerate(examples_of(service)):
            name = f"ex-{service}-{number}"
            answer = node.ask_example(service, example, **{"X-Request-Id": name})
            heard = recorder.heard(example, answer) if is_recording else example
            faults += [f"{example.operation} {example.name}: {fault}" for fault in _faults(heard, answer, schema)]
            _wait_for_the_audit(node, example)
        if is_recording:
            recorder.write()
    assert not faults, "\n".join(faults)
    _every_call_is_accounted_for(node)


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_every_operation_has_an_example_that_is_granted(operation: Operation) -> None:
    assert operation.granted is not None


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_every_refusal_that_is_declared_has_an_example_or_a_reason_why_not(operation: Operation) -> None:
    shown = {each.name for each in operation.examples}
    elsewhere = {code for of, code in PROVOKED_ELSEWHERE_OF if of == str(operation)}
    assert set(operation.refusals) - shown - elsewhere - set(PROVOKED_ELSEWHERE) == set()


def test_no_reason_is_given_for_what_is_not_declared() -> None:
    declared = {(str(each), code) for each in operations() for code in each.refusals}
    assert set(PROVOKED_ELSEWHERE) - {code for _, code in declared} == set()
    assert set(PROVOKED_ELSEWHERE_OF) - declared == set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_node_serves_the_description_that_is_kept_in_the_reference(node: DescribedNode, service: str) -> None:
    assert node.ask(service, "GET", "/openapi.json").json() == document(service)


def test_with_the_database_away_exactly_those_say_so_that_declare_it(node: DescribedNode) -> None:
    found: dict[str, set[str]] = {"declared and not given": set(), "given and not declared": set()}
    with _database_away(node):
        for operation in operations():
            example = operation.granted
            assert example is not None
            code = told(node.ask_example(operation.service, example)).get("code")
            is_declared = "DEPENDENCY_AWAY" in operation.refusals
            if is_declared and code != "DEPENDENCY_AWAY" and str(operation) not in WITHOUT_THE_DATABASE:
                found["declared and not given"].add(f"{operation}: {code}")
            if code == "DEPENDENCY_AWAY" and not is_declared:
                found["given and not declared"].add(str(operation))
    assert found == {"declared and not given": set(), "given and not declared": set()}


WITHOUT_THE_DATABASE: Mapping[str, str] = dict.fromkeys(
    ("GET /price", "GET /prices", "POST /prices", "GET /key"), "a key that is in use is known; tests/access have one that is not"
)
"""What needs the database only sometimes."""


def _faults(example: Example, answer: httpx.Response, schema: Any) -> Iterator[str]:
    method, _, path = example.operation.partition(" ")
    found = told(answer)
    code = found.get("code", "OK")
    if OR_ELSE.get((example.operation, example.name)) == code:
        return
    if (answer.status_code, code) != (example.status, example.name if example.status >= 400 else "OK"):
        yield f"answered {answer.status_code} {code}: {found.get('errors')}"
        return
    try:
        schema[path][method].validate_response(answer)
    except FailureGroup as group:
        yield from (str(each) for each in group.exceptions)
    if example.status < 400 and (says := shape(example.data)) != (is_ := shape(data_of(answer))):
        yield f"its data is {is_}, the example says {says}: pytest tests/openapi/test_examples.py --record-examples"


def _wait_for_the_audit(node: DescribedNode, example: Example) -> None:
    """An audit is asked about when it is over."""
    if (example.operation, example.name) != ("POST /admin/eam/sync", "AUDIT_UNFINISHED"):
        return

    def is_over() -> bool:
        answer = node.ask("LPO", "GET", "/admin/eam/audit/1", headers=node.credentials("/admin/"))
        return bool(told(answer)["data"]["state"] != "running")

    wait_until(is_over, "the end of the audit", within_seconds=120)


def _set_something_aside(node: DescribedNode) -> None:
    with psycopg.connect(node.database_url, autocommit=True, connect_timeout=10) as connection:
        connection.execute(
            "INSERT INTO usage_set_aside (kind, message_id, message_type, reason, tries, packed)"
            " VALUES ('message', 'a message', '', 'it cannot be read', 3, '{}')"
        )


def _every_call_is_accounted_for(node: DescribedNode) -> None:
    """Of every example that operators asked: who, what and what came of it are in the log, of those that change something in the trail."""
    asked = {
        f"ex-{service}-{number}": example
        for service in SERVICES
        for number, example in enumerate(examples_of(service))
        if example.operation.split(" ")[1].startswith("/admin/") and (example.operation, example.name) not in OR_ELSE
    }
    log = node.product.log()
    lines = {line["facts"]["request_id"]: line["facts"] for line in map(_line, log.splitlines()) if line.get("event") == "operator asked"}
    entries = _trail(node, len([each for each in asked.values() if not each.operation.startswith("GET")]))
    for name, example in asked.items():
        code = example.name if example.status >= 400 else "OK"
        assert (lines[name]["by"], lines[name]["code"], lines[name]["status"]) == (f"{OPERATOR} (127.0.0.1)", code, example.status)
        if not example.operation.startswith("GET"):
            assert (entries[name]["by"], entries[name]["code"]) == (f"{OPERATOR} (127.0.0.1)", code)
    assert ADMIN_KEY not in log
    assert node.secret not in log


def _line(text: str) -> dict[str, Any]:
    try:
        found = httpx.Response(200, text=text).json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _trail(node: DescribedNode, wanted: int) -> dict[str, dict[str, str]]:
    """Return the calls in the trail by their requests' names, once there are so many."""
    with psycopg.connect(node.database_url, autocommit=True, connect_timeout=10) as connection:
        query = "SELECT after->>'request_id', by, after->>'code' FROM audit_log WHERE kind = 'call' AND after->>'request_id' LIKE 'ex-%'"
        wait_until(lambda: len(connection.execute(query).fetchall()) >= wanted, "the trail of every call")
        found = {row[0]: {"by": row[1], "code": row[2]} for row in connection.execute(query)}
        whole = connection.execute("SELECT string_agg(audit_log::text, ' ') FROM audit_log").fetchone()
    assert whole is not None
    assert ADMIN_KEY not in whole[0]
    assert node.secret not in whole[0]
    return found


class _database_away:  # noqa: N801 - Read as a phrase: with the database away.
    """Nobody may connect to the node's database, and whoever was is sent away."""

    def __init__(self, node: DescribedNode) -> None:
        url = make_url(node.database_url)
        self._name = sql.Identifier(url.database or "")
        self._database = url.database
        self._elsewhere = url.set(database="postgres").render_as_string(hide_password=False)

    def __enter__(self) -> None:
        with psycopg.connect(self._elsewhere, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(self._name))
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._database])

    def __exit__(self, *_: object) -> None:
        with psycopg.connect(self._elsewhere, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(self._name))
