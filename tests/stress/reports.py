"""Builders of reports."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.stress.engine_node import WAY
from trinity_beast.stress import Found, Protocol, Report, Step, StepReport, Target
from trinity_beast.stress.report import Machine, Moment, step_report

BEGAN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
TCP, UDP = Target(Protocol.TCP, "127.0.0.1", 8_080), Target(Protocol.UDP, "127.0.0.1", 2_679)


def a_step(
    concurrent: int = 30,
    *,
    good: int = 1_000,
    micros: int = 200,
    target: Target = TCP,
    rate: float | None = None,
    failures: dict[str, int] | None = None,
    codes: dict[str, int] | None = None,
) -> StepReport:
    """A step with `good` answers, each after `micros`."""
    step = Step(target, concurrent, concurrent, 1, concurrent, rate, WAY, (b"",))
    name = "OK" if target.protocol is Protocol.UDP else "200"
    found = Found(
        seconds=2.0,
        good=good,
        codes={**({name: good} if good else {}), **(codes or {})},
        failures=failures or {},
        processor_seconds=0.5,
        latencies=((micros * 1_000, good),) if good else (),
    )
    timeline = [Moment(seconds=second, good=round(good * second / 2), refused=0, failed=0) for second in (0.0, 0.5, 1.0, 2.0)]
    return step_report(step, found, clients=1, began_at=BEGAN, timeline=timeline)


def a_report(*steps: StepReport, name: str = "stress", began_at: datetime = BEGAN, is_complete: bool = True) -> Report:
    """A report of these steps."""
    return Report(
        name=name,
        began_at=began_at,
        ended_at=began_at + timedelta(seconds=60),
        is_complete=is_complete,
        clients=1,
        machine=Machine(system="Linux", processors=2, program="0.1.0"),
        steps=list(steps or (a_step(),)),
    )


counts = st.dictionaries(st.sampled_from(["429 RATE_LIMITED", "503 OVERLOADED"]), st.integers(1, 10**6), max_size=2)
failures = st.dictionaries(st.sampled_from(["timeout", "closed", "unsent"]), st.integers(1, 10**6), max_size=3)
steps = st.builds(
    a_step,
    st.integers(1, 21_000),
    good=st.integers(0, 10**9),
    micros=st.integers(1, 10**7),
    target=st.sampled_from([TCP, UDP]),
    rate=st.none() | st.floats(0.1, 1e6),
    failures=failures,
    codes=counts,
)
reports = st.lists(steps, max_size=6).map(lambda found: a_report(*found) if found else a_report().model_copy(update={"steps": []}))
