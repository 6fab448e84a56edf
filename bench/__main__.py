"""`python -m bench`: every bench, each against its reference in the same run, as ratios."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from bench import (
    both,
    clients,
    flood,
    gil,
    hostile,
    ingest,
    lag,
    memory,
    meter,
    outage,
    overload,
    price_http,
    price_udp,
    start,
    stress,
    supplies,
    symbols,
)
from bench.effort import Effort
from bench.errors import BenchImpossible, RunBroken
from bench.figures import Figure
from bench.machine import Cores, description
from bench.processes import ahead_of_others

BENCHES: dict[str, Callable[[Cores, Effort], Iterator[Figure]]] = {
    "http": price_http.bench,
    "udp": price_udp.bench,
    "both": both.bench,
    "gil": gil.bench,
    "memory": memory.bench,
    "hostile": hostile.bench,
    "flood": flood.bench,
    "start": start.bench,
    "ingest": ingest.bench,
    "symbols": symbols.bench,
    "meter": meter.bench,
    "lag": lag.bench,
    "outage": outage.bench,
    "overload": overload.bench,
    "clients": clients.bench,
    "stress": stress.bench,
}


def main() -> int:
    """Run the benches named, or all; return 0 when every one gave its figures, whatever they are."""
    options = _options()
    try:
        cores = Cores.of_this_process()
        supplies.gather()
    except BenchImpossible as impossible:
        print(f"bench: {impossible}", file=sys.stderr)
        return 1
    for line in description():
        print(line)
    effort = Effort.quick() if options.quick else Effort.thorough()
    if options.outage is not None:
        effort = replace(effort, outage_seconds=options.outage)
    with ahead_of_others() as raised:
        print(f"servers on processor {cores.server}, the client on {cores.client}, unless a bench says otherwise;", end=" ")
        print("ahead of the machine's other work" if raised else "beside the machine's other work (root could go ahead of it)", flush=True)
        found, broken = _run(options.names or list(BENCHES), cores, effort)
    _sum_up(found, broken)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, epilog="example: python -m bench http udp --quick (a look in under two minutes)"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *BENCHES], help=f"one of {', '.join(BENCHES)}; none means all")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument(
        "--outage", type=float, metavar="SECONDS", help="how long bench/outage keeps PostgreSQL away (30, or 10 with --quick)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args()


def _run(names: list[str], cores: Cores, effort: Effort) -> tuple[dict[str, list[dict[str, object]]], list[str]]:
    found: dict[str, list[dict[str, object]]] = {}
    broken = []
    for name in names:
        module = sys.modules[BENCHES[name].__module__]
        print(f"\nbench/{name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        told = found.setdefault(name, [])
        try:
            for figure in BENCHES[name](cores, effort):
                print(figure.told(), flush=True)
                told.append(asdict(figure) | {"median": figure.median, "met": figure.is_met})
        except RunBroken as why:
            print(f"  BROKEN: {why}", flush=True)
            broken.append(name)
    return found, broken


def _sum_up(found: dict[str, list[dict[str, object]]], broken: list[str]) -> None:
    every = [figure for figures in found.values() for figure in figures]
    judged = [figure for figure in every if figure["met"] is not None]
    met = sum(figure["met"] is True for figure in judged)
    open_ones = sum(figure["target"] is not None for figure in every) - len(judged)
    print(f"\n{met} targets met, {len(judged) - met} missed, {open_ones} not judged, for the machine was busy with other work")
    if broken:
        print(f"no figures from: {', '.join(broken)}")


if __name__ == "__main__":
    sys.exit(main())
