"""`beast`: the verbs of the program, gathered from the capabilities."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
import uvloop
from rich.console import Console

from trinity_beast import content
from trinity_beast.access import DEMO_KEY, Where
from trinity_beast.access.accounts.commands import accounts_app
from trinity_beast.access.alerts.commands import add_alerts_verb
from trinity_beast.access.blocklist.commands import blocklist_app
from trinity_beast.access.busiest.commands import add_live_verbs
from trinity_beast.access.commands import keys_app
from trinity_beast.access.leaks.commands import leaks_app
from trinity_beast.access.tiers.commands import tiers_app
from trinity_beast.clock import SystemClock
from trinity_beast.compose import run_sync, run_writer
from trinity_beast.compose.listeners import listeners_of
from trinity_beast.demo.commands import add_demo_verb
from trinity_beast.demo.lines import Place
from trinity_beast.errors import TrinityError
from trinity_beast.exchanges import FeedsChoice
from trinity_beast.feeds.auditing.commands import audit_verbs
from trinity_beast.feeds.commands import feeds_app
from trinity_beast.feeds.discovering.commands import discovery_verbs
from trinity_beast.feeds.editing.commands import assets_app
from trinity_beast.lab.commands import lab_app
from trinity_beast.node import NODE_ADDRESSES, NODE_URL, Node, Wanted, reachable, url_of
from trinity_beast.ops import Maker, NodePorts, Premises, Synced, Tell, Whom
from trinity_beast.ops.backup.commands import Backed, backup_verbs
from trinity_beast.ops.commands import db_app, jobs_app
from trinity_beast.ops.consoles.commands import console_verbs
from trinity_beast.ops.doctor.commands import doctor_verb
from trinity_beast.ops.standing.commands import standing_verbs
from trinity_beast.ops.syncing.commands import add_sync_verb
from trinity_beast.ops.verifying.commands import verify_verb
from trinity_beast.parameters.commands import mode_verbs, params_app, profiles_app
from trinity_beast.randomness import SystemSecrets, dice
from trinity_beast.rehearsal.commands import rehearse_app
from trinity_beast.rehearsal.stage import Means
from trinity_beast.reports.commands import report_app
from trinity_beast.settings import Settings, child_environment, read_settings
from trinity_beast.storage import DataFolder, Whereabouts
from trinity_beast.stress.commands import Means as StressMeans
from trinity_beast.stress.commands import stress_app
from trinity_beast.telemetry import Redactor, configure_logs
from trinity_beast.usage.commands import spool_app
from trinity_beast.usage.overseeing.commands import usage_app
from trinity_beast.usage.reconciling.commands import Ways, reconcile_verb
from trinity_beast.version import VERSION
from trinity_beast.web import ConfigFile, DataDir, KnownNode

CLOCK, SECRETS = SystemClock(), SystemSecrets()
TALK = Console(stderr=True)

beast = typer.Typer(name="beast", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)


def told(error: TrinityError) -> str:
    """Return a refusal as a person on a terminal reads it: what happened, then what to do."""
    spoken = content.told(error.code, error.facts)
    return f"{spoken.message} {spoken.fix}".strip()


def _tell_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"{VERSION}\n")
        raise typer.Exit


@beast.callback()
def about(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.", callback=_tell_version, is_eager=True)] = False,
) -> None:
    """Trinity Beast: real-time crypto prices that are never older or less certain than they say."""


@beast.command(epilog="Example: beast serve --feeds auto --data-dir data --ready-file ready.json")
def serve(
    *,
    data_dir: DataDir = None,
    feeds: Annotated[
        FeedsChoice, typer.Option(help="The live exchanges, the lab's stand-ins, the lab only if none can be reached (auto), or none.")
    ] = FeedsChoice.LIVE,
    lab_market: Annotated[str, typer.Option(help="What the lab plays: synthetic, or recorded:DIR.")] = "synthetic",
    lab: Annotated[
        Path | None, typer.Option("--lab", help="Where a lab is wanted, listen to one that runs: the file `beast lab --ready-file` wrote.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write a JSON object here once every listener answers; gone when the node stops.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Run a node until Ctrl-C or SIGTERM, then stop it in order."""
    wanted = Wanted(feeds, lab_market, lab, ready_file)
    raise typer.Exit(_refusals_told(lambda: _served(read_settings(config, data_dir=data_dir), wanted)))


@beast.command(epilog="Example: beast writer --config /etc/beast/writer.conf --ready-file /run/beast/writer.json")
def writer(
    *,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write a JSON object here once messages are taken; gone when the writer stops.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Store what the nodes send to the queue of usage, until Ctrl-C or SIGTERM; what is in hand is finished first.

    Any number of writers may run, and be killed, at once. It wants QUEUE_URL and DATABASE_URL.
    """
    raise typer.Exit(_refusals_told(lambda: _written(read_settings(config), ready_file)))


def _written(settings: Settings, ready: Path | None) -> int:
    configure_logs(node=settings.node, level=settings.log_level, stream=sys.stderr, clock=CLOCK, redactor=Redactor([]))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run_writer(settings, ready=ready, clock=CLOCK, secrets=SECRETS, dice=dice()))


def _served(settings: Settings, wanted: Wanted) -> int:
    redactor = Redactor([secret for secret in (settings.admin_key, settings.server_secret) if secret])
    configure_logs(node=settings.node, level=settings.log_level, stream=sys.stderr, clock=CLOCK, redactor=redactor)
    node = Node(settings, wanted, clock=CLOCK, secrets=SECRETS, dice=dice(), console=Console())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(node.run())


def _refusals_told(work: Callable[[], int]) -> int:
    try:
        return work()
    except TrinityError as error:
        TALK.print(told(error), style="red", markup=False, soft_wrap=True)
        return 1


def _whereabouts(data_dir: Path | None) -> Whereabouts:
    settings = read_settings(data_dir=data_dir)
    bin_dir = Path(settings.postgres_bin_dir) if settings.postgres_bin_dir else None
    return Whereabouts(settings.data_dir, settings.database_url, bin_dir)


def _backed(data_dir: Path | None, config: Path | None) -> Backed:
    settings = read_settings(config, data_dir=data_dir)
    bin_dir = Path(settings.postgres_bin_dir) if settings.postgres_bin_dir else None
    return Backed(Whereabouts(settings.data_dir, settings.database_url, bin_dir), Maker(f"trinity-beast {VERSION}", settings.node))


def _whom(data_dir: Path | None) -> Whom:
    """Return the node of a data folder as a caller knows it: where it says it is, else where the settings would have it."""
    settings = read_settings(data_dir=data_dir)
    folder = DataFolder(settings.data_dir, CLOCK)
    addresses = json.loads(folder.noted(NODE_ADDRESSES) or "{}")
    health, udp = addresses.get("price_health"), addresses.get("price_udp")
    reports, reports_udp = addresses.get("report"), addresses.get("report_udp")
    demo_key = (folder.secret("demo-key") or b"").decode(errors="replace")
    return Whom(
        url=_node_of(data_dir, "", "", "").url,
        health_url=url_of(*health) if health else f"http://127.0.0.1:{settings.price_health_port}",
        udp=(reachable(udp[0]), udp[1]) if udp else ("127.0.0.1", settings.price_udp_port),
        reports_url=url_of(*reports) if reports else "",
        reports_udp=(reachable(reports_udp[0]), reports_udp[1]) if reports_udp else None,
        key=demo_key,
    )


def _node_ports(data_dir: Path | None) -> NodePorts:
    whom = _whom(data_dir)
    return NodePorts(whom.url, whom.health_url)


def _premises(data_dir: Path | None, config: Path | None) -> Premises:
    settings = read_settings(config, data_dir=data_dir)
    bin_dir = Path(settings.postgres_bin_dir) if settings.postgres_bin_dir else None
    return Premises(Whereabouts(settings.data_dir, settings.database_url, bin_dir), listeners_of(settings), settings.cache_url)


def _where(data_dir: Path | None) -> Where:
    return Where(_whereabouts(data_dir), read_settings(data_dir=data_dir).server_secret)


def _node_of(data_dir: Path | None, url: str, admin_key: str, operator: str) -> KnownNode:
    """Return the node meant: where it says it is, else where the settings would have it."""
    settings = read_settings(data_dir=data_dir)
    noted = DataFolder(settings.data_dir, CLOCK).noted(NODE_URL)
    here = f"http://127.0.0.1:{settings.price_port}"
    return KnownNode((url or noted or here).rstrip("/"), admin_key or settings.admin_key, operator)


def _targets_of(data_dir: Path | None) -> Sequence[str]:
    """Return the node's two doors: where it says it is, else where the settings would have it."""
    url = _node_of(data_dir, "", "", "").url
    host = urlsplit(url).hostname or "127.0.0.1"
    return [url, f"udp://{f'[{host}]' if ':' in host else host}:{read_settings(data_dir=data_dir).price_udp_port}"]


def _demo_of(data_dir: Path | None, url: str, udp_port: int, key: str) -> Place:
    """Return where the tour is given: the node of the data folder with its demo key, unless told otherwise."""
    settings = read_settings(data_dir=data_dir)
    node = _node_of(data_dir, url, "", "")
    public = (DataFolder(settings.data_dir, CLOCK).secret(DEMO_KEY) or b"").decode(errors="replace")
    host = urlsplit(node.url).hostname or "127.0.0.1"
    return Place(node.url, host, udp_port or settings.price_udp_port, key or public, key_is_public=not key or key == public)


def _spool_of(data_dir: Path | None) -> Path:
    return read_settings(data_dir=data_dir).data_dir / "spool"


def _spool_and_node(data_dir: Path | None) -> tuple[Path, str]:
    return _spool_of(data_dir), read_settings(data_dir=data_dir).node


def _synced(data_dir: Path | None, is_full: bool, tell: Tell) -> Sequence[Synced]:
    settings, where = read_settings(data_dir=data_dir), _whereabouts(data_dir)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run_sync(settings, where, is_full=is_full, tell=tell, clock=CLOCK, secrets=SECRETS, dice=dice()))


KEYS = keys_app(_where, CLOCK, SECRETS, told)
add_live_verbs(KEYS, _node_of, told)
beast.add_typer(add_alerts_verb(KEYS, _whereabouts, CLOCK, told))
beast.add_typer(tiers_app(_where, CLOCK, SECRETS, told))
beast.add_typer(accounts_app(_where, CLOCK, SECRETS, told))
beast.add_typer(leaks_app(_where, CLOCK, SECRETS, told))
beast.add_typer(blocklist_app(_whereabouts, CLOCK, told))
beast.add_typer(feeds_app(_node_of, CLOCK, told))
beast.add_typer(assets_app(_node_of, told))
beast.add_typer(params_app(_node_of, told))
beast.add_typer(profiles_app(_node_of, told))
mode_verbs(beast, _node_of, told)
audit_verbs(beast, _node_of, told)
discovery_verbs(beast, _node_of, told)
backup_verbs(beast, _backed, CLOCK, SECRETS, told)
console_verbs(beast, _node_of, told)
standing_verbs(beast, _node_ports, told)
verify_verb(beast, _whom, CLOCK, SECRETS, told)
doctor_verb(beast, _premises, CLOCK, told)
beast.add_typer(jobs_app(_node_of, told))
beast.add_typer(db_app(_node_of, told))
add_sync_verb(beast, _synced, told)
beast.add_typer(spool_app(_spool_of, told))
beast.add_typer(usage_app(_node_of, told))
reconcile_verb(beast, Ways(_whereabouts, _spool_and_node, _node_of, CLOCK), told)
beast.add_typer(report_app(_where, CLOCK, SECRETS, told))
beast.add_typer(lab_app(CLOCK, SECRETS, dice(), told))
add_demo_verb(beast, _demo_of, told)
beast.add_typer(stress_app(StressMeans(CLOCK, SECRETS, _node_of, _targets_of, told)))
beast.add_typer(rehearse_app(Means(CLOCK, SECRETS, child_environment), told))


def main() -> None:
    """Run the verb on the command line."""
    beast()
