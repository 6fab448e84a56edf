"""Jobs as operators see them over HTTP."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from tests.support.admin import ADMIN_SECRET, Admin
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, Digests, Operators
from trinity_beast.access.routes import operation
from trinity_beast.clock import SystemClock
from trinity_beast.jobs import Job, Jobs
from trinity_beast.ops import Insights, Runs
from trinity_beast.ops.insights.routes import insight_routes
from trinity_beast.ops.runs.routes import job_routes
from trinity_beast.storage import Database


async def nothing() -> None:
    """Do nothing, well."""


@pytest.fixture
async def admin(own_database: Database) -> AsyncIterator[Admin]:
    digests = Digests(bytes(range(32)))
    operator = operation(Operators(AdminKey(digests, digests.digest_of(ADMIN_SECRET)), SystemClock()))
    jobs = Jobs(own_database, [Job("usage.roll_up", "Sums usage up by day.", nothing, cron="*/5 * * * *")], SystemClock())
    routers = [job_routes(Runs(own_database, jobs), operator=operator), insight_routes(Insights(own_database), operator=operator)]
    async with serving(small_app(routers)) as port:
        yield Admin(port)


async def test_a_job_that_never_ran_is_listed_with_its_next_time(admin: Admin) -> None:
    [job] = (await admin.get("/admin/jobs")).data["jobs"]
    assert (job["name"], job["cron"], job["last"], job["failed"]) == ("usage.roll_up", "*/5 * * * *", None, 0)
    assert job["next_at"].endswith("Z")


async def test_a_job_asked_for_waits_and_is_in_the_trail(admin: Admin, own_database: Database) -> None:
    asked = await admin.post("/admin/jobs/usage.roll_up/runs", {"reason": "the report is awaited"})
    assert (asked.status, asked.data) == (202, {"name": "usage.roll_up", "waited_already": False})
    again = await admin.post("/admin/jobs/usage.roll_up/runs", {})
    assert again.data["waited_already"]
    [job] = (await admin.get("/admin/jobs")).data["jobs"]
    assert job["last"]["state"] == "todo"
    async with own_database.transaction() as tx:
        trail = await tx.execute(sa.text("SELECT by, reason, action, kind, subject FROM audit_log WHERE kind = 'job' ORDER BY entry_id"))
        first, second = trail.all()
    assert tuple(first)[1:] == ("the report is awaited", "asked for", "job", "usage.roll_up")
    assert first.by.startswith("Ada")
    assert tuple(second)[1:3] == ("", "asked for")


@pytest.mark.parametrize(("path", "status", "code"), [("sums.nobody", 404, "JOB_UNKNOWN"), ("DROP", 400, "REQUEST_INVALID")])
async def test_a_job_nobody_knows_is_refused_and_leaves_no_trace(
    admin: Admin, own_database: Database, path: str, status: int, code: str
) -> None:
    told = await admin.post(f"/admin/jobs/{path}/runs", {})
    assert (told.status, told.code) == (status, code)
    async with own_database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM audit_log WHERE kind = 'job'"))).scalar_one() == 0


@pytest.mark.parametrize("path", ["/admin/jobs", "/admin/db-insights"])
async def test_nobody_sees_the_works_without_the_admin_key(admin: Admin, path: str) -> None:
    assert (await Admin(admin.port, None).get(path)).code == "ADMIN_KEY_MISSING"
    assert (await Admin(admin.port, "tb_admin_guessed").get(path)).code == "ADMIN_KEY_WRONG"


async def test_insights_are_told_and_say_that_statements_are_not_counted(admin: Admin) -> None:
    told = (await admin.get("/admin/db-insights?top=200")).data
    assert told["statements"] is None
    assert "pg_stat_statements" in told["statements_missing"]
    assert 0 <= told["buffer_hit_ratio"] <= 1
    assert told["database_bytes"] > 1_000_000
    assert {"usage_days", "api_keys", "procrastinate_jobs"} <= {table["table"] for table in told["tables"]}
    reset = await admin.post("/admin/db-insights/reset", {})
    assert (reset.status, reset.code) == (409, "STATEMENTS_UNCOUNTED")
