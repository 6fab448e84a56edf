"""English: what whoever makes a stress test, or takes the tour, is told."""

from collections.abc import Mapping

from trinity_beast.content.model import Text

FOR_STRESS: Mapping[str, Text] = {
    "STRESS_PLAN_INVALID": Text(
        "There is no such stress test",
        "That cannot be asked: {reason}.",
        "`beast stress run --help` shows what can.",
        plain_message="A stress test of that kind cannot be made.",
    ),
    "TARGET_NOT_MINE": Text(
        "The target lies beyond this machine",
        "{host} is {address}, which is not this machine. A load is sent to nobody who has not agreed to it.",
        "If the host is yours to load, say so with --mine {host}.",
        plain_message="The target is not this machine, and nobody said that it is theirs.",
        plain_fix="If the host is yours to load, say so with --mine.",
    ),
    "TARGET_AWAY": Text(
        "The target cannot be asked",
        "{target} cannot be asked: {reason}.",
        "See whether it runs and listens there.",
        plain_message="Nobody can be asked there.",
    ),
    "FILE_LIMIT_LOW": Text(
        "Too few files may be open",
        "The level wants {needed} open files, and this process may have {limit}.",
        "Raise the limit in the shell that starts it (`ulimit -n {needed}`), or take fewer connections with more requests in"
        " flight on each, with --connections-max {connections_max}.",
        plain_message="The level wants more open files than this process may have.",
        plain_fix="Raise the limit (`ulimit -n`), or take fewer connections with --connections-max.",
    ),
    "STRESS_CLIENT_LOST": Text(
        "A client of the stress test was lost",
        "{client} left the stress test: {reason}.",
        "See that client's own words, and start again with all of them.",
        plain_message="A client left the stress test.",
    ),
    "STRESS_JOIN_REFUSED": Text(
        "The stress test could not be joined",
        "{url} could not be joined: {reason}.",
        "Use the line that `beast stress run --clients` printed, on the same version of the program.",
        plain_message="The stress test could not be joined.",
    ),
    "STRESS_REPORT_INVALID": Text(
        "That is no report of a stress test",
        "{name} is no report: {reason}.",
        "Give a file that `beast stress run --json` wrote, or the number of a stored report.",
        plain_message="That is no report of a stress test.",
    ),
    "DEMO_INVALID": Text(
        "There is no such tour",
        "The tour cannot be given: {reason}.",
        "`beast demo --help` shows what it can be told.",
        plain_message="That tour cannot be given.",
    ),
    "STRESS_REPORT_UNKNOWN": Text(
        "No such report",
        "There is no stored report {report}.",
        "`beast stress list` shows which there are.",
        plain_message="There is no stored report of that number.",
    ),
}
