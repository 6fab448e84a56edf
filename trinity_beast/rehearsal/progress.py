"""How a rehearsal stands, for a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from trinity_beast.rehearsal.conductor import Conductor
from trinity_beast.rehearsal.growth import MIB, Growth, Vitals
from trinity_beast.rehearsal.sampler import Sampler


def progress_table(conductor: Conductor, sampler: Sampler) -> Table:
    """Return a line per venue, and one for all that was judged."""
    table = Table.grid(padding=(0, 2))
    for venue, state in conductor.lanes.items():
        now = ", ".join(run.scenario.name for run in state.runs) or "well"
        wrong = sum(run.tally.wrong_count for of, run in conductor.finished if of == venue)
        table.add_row(venue, f"{state.done}/{state.lane.count or '∞'}", f"{wrong} wrong", now)
    judged = sum(conductor.total.judged.values())
    table.add_row("all", f"{sampler.asked:,} asked", f"{conductor.total.wrong_count} wrong", f"{judged:,} prices judged")
    return table


def vitals_table(vitals: Vitals, conductor: Conductor, minutes: float) -> Table:
    """Return what the node holds now, and how far the soak is."""
    table = Table.grid(padding=(0, 2))
    table.add_row("minute", f"{vitals.seconds / 60:.1f} of {minutes:g}", "faults", str(len(conductor.finished)))
    table.add_row("memory", f"{vitals.memory_bytes / MIB:.1f} MiB", "wrong but OK", str(conductor.total.wrong_count))
    table.add_row("tasks", str(vitals.tasks), "sockets, files", f"{vitals.sockets}, {vitals.files}")
    return table


def vitals_line(vitals: Vitals, conductor: Conductor) -> str:
    """Return the same in one line."""
    memory = f"{vitals.memory_bytes / MIB:.1f} MiB, {vitals.threads} threads, {vitals.tasks} tasks"
    wrong, judged = conductor.total.wrong_count, sum(conductor.total.judged.values())
    told = f"{len(conductor.finished)} faults, {judged} prices, {wrong} wrong"
    return f"minute {vitals.seconds / 60:.1f}: {memory}, {vitals.sockets} sockets, {vitals.files} files; {told}"


def growth_table(growths: Sequence[Growth]) -> Table:
    """Return how everything developed."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "first", "last", "most", "an hour", "allowed", ""):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for growth in growths:
        size = MIB if growth.name == "memory_bytes" else 1
        name = "memory, MiB" if growth.name == "memory_bytes" else growth.name
        verdict = Text("grows", "bold red") if growth.is_growing else Text("steady", "green")
        figures = [growth.first, growth.last, growth.most]
        table.add_row(
            name, *(f"{figure / size:.1f}" for figure in figures), f"{growth.per_hour / size:+.2f}", f"{growth.bound / size:+.1f}", verdict
        )
    return table
