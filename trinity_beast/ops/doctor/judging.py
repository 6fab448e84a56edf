"""What is good, weak or wrong about a machine, and what mends it: rules over what was read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from trinity_beast.ops.doctor.model import Certificate, ClockState, Diagnosis, Listener, Room, Standing, StoreTold

GOOD, WEAK, WRONG, UNSEEN = Standing.GOOD, Standing.WEAK, Standing.WRONG, Standing.UNSEEN
MEBIBYTE = 1_048_576
KERNEL: Mapping[str, tuple[int, int, str]] = {
    "net.core.rmem_max": (212_992, 4 * MEBIBYTE, "bursts of datagrams are dropped unread"),
    "net.core.wmem_max": (212_992, 4 * MEBIBYTE, "answers to bursts of datagrams are dropped"),
    "net.core.somaxconn": (128, 4_096, "new connections are turned away when many come at once"),
    "net.ipv4.tcp_max_syn_backlog": (128, 1_024, "new connections are turned away when many come at once"),
}
"""Each bound of the kernel: below the first it is wrong (it is the kernel's own default), below the second weak, and why."""

FILES_LEAST, FILES_WANTED = 4_096, 16_400
"""Each connection is an open file; the engine takes 16,000 of them."""
ROOM_LEAST, ROOM_WANTED = 256_000_000, 2_000_000_000
FILES_FREE_LEAST = 1_000
CLOCK_WRONG, CLOCK_WEAK = timedelta(seconds=1), timedelta(milliseconds=250)
EXPIRES_SOON = timedelta(days=14)
PYTHON_OLDEST = (3, 11)
POSTGRES_OLDEST = 15
POSTGRES_UNTRIED = 19


def judge_kernel(name: str, value: int | None) -> Diagnosis:
    """Judge one bound of the kernel; None where it cannot be read, as in many containers."""
    least, wanted, why = KERNEL[name]
    if value is None:
        return Diagnosis(name, UNSEEN, "cannot be read here; a container shows it only on its host", "")
    fix = f"sysctl -w {name}={wanted}, and the same line in /etc/sysctl.d/90-trinity-beast.conf to keep it"
    if value < least:
        return Diagnosis(name, WRONG, f"{value:,} is below the kernel's own default of {least:,}: {why}", fix)
    if value < wanted:
        return Diagnosis(name, WEAK, f"{value:,} where {wanted:,} is asked for: under load {why}", fix)
    return Diagnosis(name, GOOD, f"{value:,}")


def judge_files(most: int | None) -> Diagnosis:
    """Judge how many files this process may open; None is without bound."""
    check, fix = "open files", f"ulimit -Hn {FILES_WANTED * 4}, or LimitNOFILE={FILES_WANTED * 4} in the service's unit"
    if most is None or most >= FILES_WANTED:
        return Diagnosis(check, GOOD, "without bound" if most is None else f"{most:,}")
    if most < FILES_LEAST:
        return Diagnosis(check, WRONG, f"only {most:,} may be open at once, and every connection is one", fix)
    return Diagnosis(check, WEAK, f"{most:,} may be open at once; the engine takes 16,000 connections", fix)


def judge_room(room: Room, folder: str) -> Diagnosis:
    """Judge what is left of the disk the data folder lies on."""
    check, fix = "disk", f"free some room, or move {folder} to a larger disk (`beast backup`, `beast restore`)"
    told = f"{room.free_bytes / 1e9:,.1f} GB free of {room.total_bytes / 1e9:,.1f} GB"
    if room.free_bytes < ROOM_LEAST:
        return Diagnosis(check, WRONG, f"{told}: nearly full, and usage records will be lost", fix)
    if room.files_free is not None and room.files_free < FILES_FREE_LEAST:
        return Diagnosis(check, WRONG, f"only {room.files_free:,} more files can be made there, though {told}", fix)
    return Diagnosis(check, WEAK if room.free_bytes < ROOM_WANTED else GOOD, told, fix if room.free_bytes < ROOM_WANTED else "")


def judge_port(listener: Listener, taken: str, *, held_by: int | None) -> Diagnosis:
    """Judge one port by why it cannot be had (empty: it can) and the pid of the node that runs on our folder, if any."""
    check = f"port {listener.port}/{'udp' if listener.is_udp else 'tcp'}"
    if not taken:
        return Diagnosis(check, GOOD, f"free ({listener.name})")
    if held_by is not None and taken == "in use":
        return Diagnosis(check, GOOD, f"in use ({listener.name}): this node runs, as pid {held_by}")
    tool = "ss -lunp" if listener.is_udp else "ss -ltnp"
    fix = f"`{tool} 'sport = :{listener.port}'` shows who has it; stop that, or set another port in the environment"
    if taken == "not allowed":
        fix = "use a port above 1023, or give the service CAP_NET_BIND_SERVICE"
    elif taken != "in use":
        fix = "BEAST_BIND names an address of this machine, or 0.0.0.0"
    return Diagnosis(check, WRONG, f"{listener}: {taken}", fix)


def judge_kept_clock(state: ClockState | None) -> Diagnosis:
    """Judge what the kernel says of its clock."""
    fix = "`timedatectl set-ntp true`, or install and start chrony; in a container, on its host"
    if state is None:
        return Diagnosis("clock kept", UNSEEN, "the kernel does not tell whether its clock is kept in step", "")
    if not state.is_kept:
        return Diagnosis("clock kept", WEAK, "nobody keeps this machine's clock in step; ages will drift", fix)
    if state.error_most > CLOCK_WRONG:
        return Diagnosis("clock kept", WEAK, f"kept in step, but it may be off by {state.error_most.total_seconds():.1f} s", fix)
    return Diagnosis("clock kept", GOOD, f"in step, within {state.error_most.total_seconds() * 1000:.0f} ms")


def judge_offset(check: str, offset: timedelta, round_trip: timedelta) -> Diagnosis:
    """Judge how far our clock is from another's that was asked within `round_trip`: less than half of that cannot be seen."""
    seconds = offset.total_seconds()
    told = f"{abs(seconds):.3f} s {'ahead of' if seconds > 0 else 'behind'} it"
    sure = abs(offset) - round_trip / 2
    fix = "set the clock (`timedatectl set-ntp true`, `chronyc makestep`) on whichever machine is off; every age is reckoned by it"
    if sure > CLOCK_WRONG:
        return Diagnosis(check, WRONG, f"this machine's clock is {told}", fix)
    if sure > CLOCK_WEAK:
        return Diagnosis(check, WEAK, f"this machine's clock is {told}", fix)
    return Diagnosis(check, GOOD, "agrees" if sure <= timedelta(0) else f"agrees within {abs(seconds) * 1000:.0f} ms")


def judge_certificate(file: str, certificates: Sequence[Certificate], now: datetime) -> Diagnosis:
    """Judge a file of certificates by the one that ends first."""
    check, fix = f"certificate {file}", "put the renewed certificate there and start the node again"
    if not certificates:
        return Diagnosis(check, WRONG, "holds no certificate that can be read", fix)
    for each in certificates:
        if each.valid_from > now:
            return Diagnosis(check, WRONG, f"{each.subject} is not valid before {each.valid_from:%Y-%m-%d %H:%M} UTC", fix)
    first = min(certificates, key=lambda each: each.valid_until)
    told = f"{first.subject} {'expired' if first.valid_until <= now else 'is valid until'} {first.valid_until:%Y-%m-%d %H:%M} UTC"
    if first.valid_until <= now:
        return Diagnosis(check, WRONG, told, fix)
    return Diagnosis(
        check, WEAK if first.valid_until - now < EXPIRES_SOON else GOOD, told, fix if first.valid_until - now < EXPIRES_SOON else ""
    )


def judge_schema(found: str, wanted: str, *, is_known: bool) -> Diagnosis:
    """Judge which step the schema stands at; `is_known` says whether this program knows that step."""
    if not is_known:
        fix = "run the release that upgraded it, or restore the backup made before"
        return Diagnosis("schema", WRONG, f"step {found} is newer than this program, whose newest is {wanted}", fix)
    if found != wanted:
        fix = "`beast backup` first, then start a node of this release: it upgrades the schema before it serves"
        return Diagnosis("schema", WRONG, f"it stands at {found or 'no step at all'}, behind this program's {wanted}", fix)
    return Diagnosis("schema", GOOD, f"step {found}")


def judge_postgres(told: StoreTold) -> Diagnosis:
    """Judge the version of the database."""
    major = told.version // 10_000
    if major < POSTGRES_OLDEST:
        return Diagnosis("PostgreSQL", WRONG, told.version_text, f"upgrade it to {POSTGRES_OLDEST} or newer")
    if major >= POSTGRES_UNTRIED:
        return Diagnosis(
            "PostgreSQL", WEAK, f"{told.version_text}, which this release was not tried on", "look for a newer release of ours"
        )
    return Diagnosis("PostgreSQL", GOOD, told.version_text)


def judge_python(version: tuple[int, int, int]) -> Diagnosis:
    """Judge the version of Python."""
    told = ".".join(map(str, version))
    if version[:2] < PYTHON_OLDEST:
        return Diagnosis("Python", WRONG, told, "make the environment anew with Python 3.11 or newer (`make clean build`)")
    return Diagnosis("Python", GOOD, told)


def judge_feeds(read: int, invalid: Mapping[str, Sequence[str]], unmapped: Sequence[str]) -> Diagnosis:
    """Judge the table of feeds: how many rows were read, what is wrong with others, and whose map is empty."""
    if invalid:
        venue, faults = next(iter(invalid.items()))
        more = f" (and {len(invalid) - 1} more rows)" if len(invalid) > 1 else ""
        fix = f"`beast feeds history {venue}` shows its versions; `beast feeds rollback {venue} --to NUMBER` takes an earlier one back"
        return Diagnosis("feed table", WRONG, f"the row of {venue} cannot be used{more}: {faults[0]}", fix)
    if not read:
        return Diagnosis(
            "feed table", WRONG, "it has no row, so nothing is listened to", "restore a backup, or save rows with `beast feeds save`"
        )
    if unmapped:
        fix = f"`beast assets list --venue {unmapped[0]}` shows its map; switch rows on, or the feed off"
        return Diagnosis("feed table", WEAK, f"{', '.join(unmapped)} is on, and no asset is held there", fix)
    return Diagnosis("feed table", GOOD, f"{read} rows, each of which can be used")


def judge_names(nodes: Sequence[tuple[str, str]]) -> Diagnosis:
    """Judge the names of the nodes that are alive, each an id and a name."""
    doubles = [name for name, count in Counter(name for _, name in nodes).items() if count > 1]
    if doubles:
        fix = "give each node its own CLUSTER_NODE, and start it again; answers and usage are told apart by it"
        return Diagnosis("node names", WRONG, f"two nodes that are alive are both called {', '.join(sorted(doubles))}", fix)
    return Diagnosis("node names", GOOD, f"{len(nodes)} alive: {', '.join(sorted(name for _, name in nodes))}" if nodes else "none alive")
