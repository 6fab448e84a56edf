"""Kept reports: brought once, listed, told whole, held against each other, and in the trail."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from tests.stress.reports import BEGAN, a_report, a_step
from tests.support.admin import Admin
from tests.support.clock import ManualClock
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, Digests, Operators
from trinity_beast.access.routes import operation
from trinity_beast.audit import Audit, Signature, Sought
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Database
from trinity_beast.stress.errors import StressReportUnknown
from trinity_beast.stress.kept import StressReports
from trinity_beast.stress.kept.routes import stress_routes

ADMIN_SECRET = "tb_admin_of_this_test_and_of_no_other"
ADA = Signature("Ada")
REPORT = a_report(a_step(30), a_step(300, good=5_000))
JSON = REPORT.model_dump(mode="json")


@pytest.fixture
def kept(database: Database, clock: ManualClock) -> StressReports:
    return StressReports(database, clock)


@pytest.fixture
async def admin(kept: StressReports) -> AsyncIterator[Admin]:
    digests = Digests(bytes(range(32)))
    operator = operation(Operators(AdminKey(digests, digests.digest_of(ADMIN_SECRET)), SystemClock()))
    async with serving(small_app([stress_routes(kept, operator=operator)])) as port:
        yield Admin(port)


async def test_a_report_is_kept_told_whole_and_removed(kept: StressReports) -> None:
    seeded = await kept.keep(REPORT, ADA)
    assert seeded.is_new
    assert (seeded.kept.steps, seeded.kept.asked, seeded.kept.success, seeded.kept.best_per_second) == (2, 6_000, 1.0, 2_500.0)
    assert await kept.report(seeded.kept.report_id) == REPORT
    await kept.remove(seeded.kept.report_id, ADA)
    with pytest.raises(StressReportUnknown):
        await kept.report(seeded.kept.report_id)


async def test_the_same_report_brought_twice_is_kept_once(kept: StressReports) -> None:
    first = await kept.keep(REPORT, ADA)
    again = await kept.keep(REPORT, Signature("Bob"))
    assert (again.kept, again.is_new) == (first.kept, False)
    assert len((await kept.listing()).reports) == 1


async def test_who_kept_and_who_removed_it_is_in_the_trail(kept: StressReports, database: Database) -> None:
    seeded = await kept.keep(REPORT, ADA)
    await kept.remove(seeded.kept.report_id, Signature("Bob", "a trial run"))
    removed, created = await Audit(database).entries(Sought(kind="stress_report", subject=str(seeded.kept.report_id)))
    assert (created.by, created.action, removed.by, removed.reason, removed.action) == ("Ada", "created", "Bob", "a trial run", "removed")
    assert "report" not in (created.after or {})


async def test_reports_are_listed_by_pages_the_newest_first(kept: StressReports) -> None:
    for day in range(5):
        await kept.keep(a_report(name=f"day {day}", began_at=BEGAN + timedelta(days=day)), ADA)
    first = await kept.listing(limit=3)
    rest = await kept.listing(before=first.next_before, limit=3)
    assert [one.name for one in [*first.reports, *rest.reports]] == [f"day {day}" for day in (4, 3, 2, 1, 0)]
    assert rest.next_before is None


async def test_beyond_as_many_as_are_kept_the_oldest_goes(database: Database, clock: ManualClock) -> None:
    kept = StressReports(database, clock, reports_max=3)
    first = await kept.keep(a_report(name="first"), ADA)
    for number in range(3):
        await kept.keep(a_report(began_at=BEGAN + timedelta(minutes=number)), ADA)
    with pytest.raises(StressReportUnknown):
        await kept.report(first.kept.report_id)
    assert len((await kept.listing()).reports) == 3


async def test_over_http_a_report_is_brought_listed_shown_compared_and_removed(admin: Admin) -> None:
    seeded = (await admin.post("/admin/seed-stress-report", JSON)).data
    other = (await admin.post("/admin/seed-stress-report", a_report(a_step(30, good=2_000), name="later").model_dump(mode="json"))).data
    assert (seeded["is_new"], seeded["stored_by"]) == (True, "Ada (127.0.0.1)")
    assert [one["report_id"] for one in (await admin.get("/admin/stress-reports")).data["reports"]] == [
        other["report_id"],
        seeded["report_id"],
    ]
    assert (await admin.get(f"/admin/stress-reports/show?report={seeded['report_id']}")).data == JSON
    told = await admin.get(f"/admin/stress-reports/compare?before={seeded['report_id']}&after={other['report_id']}")
    assert [step["per_second"] for step in told.data["steps"]] == [2.0, None]
    assert (await admin.post("/admin/stress-reports/remove", {"report": other["report_id"]})).data == {"report_id": other["report_id"]}
    assert (await admin.get("/admin/stress-reports?limit=1")).data["next_before"] is None


PATHS = ["/admin/stress-reports", "/admin/stress-reports/show?report=1", "/admin/stress-reports/compare?before=1&after=2"]
POSTS: Sequence[tuple[str, object]] = [("/admin/seed-stress-report", JSON), ("/admin/stress-reports/remove", {"report": 1})]


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_without_the_admin_key_is_told_anything(admin: Admin, path: str) -> None:
    assert (await Admin(admin.port, None).get(path)).code == "ADMIN_KEY_MISSING"
    assert (await Admin(admin.port, "tb_admin_another").get(path)).code == "ADMIN_KEY_WRONG"


@pytest.mark.parametrize(("path", "body"), POSTS)
async def test_nobody_without_the_admin_key_changes_anything(admin: Admin, path: str, body: object) -> None:
    assert (await Admin(admin.port, None).post(path, body)).code == "ADMIN_KEY_MISSING"
    assert (await Admin(admin.port, "tb_admin_another").post(path, body)).code == "ADMIN_KEY_WRONG"
    assert (await admin.get("/admin/stress-reports")).data["reports"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        {**JSON, "steps": [{}]},
        {**JSON, "surprise": 1},
        {**JSON, "clients": "1"},
        {**JSON, "name": "x" * 101},
        {**JSON, "began_at": "soon"},
        {**JSON, "machine": {"system": "a\x00b", "processors": 2, "program": ""}},
    ],
)
async def test_a_body_that_is_no_report_is_refused(admin: Admin, body: object) -> None:
    assert (await admin.post("/admin/seed-stress-report", body)).code == "REQUEST_INVALID"


async def test_a_body_too_large_is_refused(admin: Admin) -> None:
    assert (await admin.post("/admin/seed-stress-report", {**JSON, "name": "x" * 1_100_000})).code == "REQUEST_TOO_LARGE"


async def test_a_report_there_is_not_is_told_as_unknown(admin: Admin) -> None:
    for path in PATHS[1:]:
        assert (await admin.get(path)).code == "STRESS_REPORT_UNKNOWN"
    assert (await admin.post("/admin/stress-reports/remove", {"report": 7})).code == "STRESS_REPORT_UNKNOWN"


@pytest.mark.parametrize("query", ["show?report=0", "show?report=x", f"show?report={2**63}", "show", "compare?before=1"])
async def test_a_number_out_of_range_is_refused(admin: Admin, query: str) -> None:
    assert (await admin.get(f"/admin/stress-reports/{query}")).code == "REQUEST_INVALID"
