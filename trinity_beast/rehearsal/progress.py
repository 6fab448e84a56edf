"""How a rehearsal stands, for a terminal."""

from rich.table import Table

from trinity_beast.rehearsal.conductor import Conductor
from trinity_beast.rehearsal.sampler import Sampler


def progress_table(conductor: Conductor, sampler: Sampler) -> Table:
    """Return a line per venue, and one for all that was judged."""
    table = Table.grid(padding=(0, 2))
    for venue, state in conductor.lanes.items():
        now = ", ".join(run.scenario.name for run in state.runs) or "well"
        wrong = sum(run.tally.wrong_count for of, run in conductor.finished if of == venue)
        table.add_row(venue, f"{state.done}/{state.steps}", f"{wrong} wrong", now)
    judged = sum(conductor.total.judged.values())
    table.add_row("all", f"{sampler.asked:,} asked", f"{conductor.total.wrong_count} wrong", f"{judged:,} prices judged")
    return table
