"""The nouns of a cluster's statistics, and who counts as found, missing or a twin. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from trinity_beast.telemetry import Derived, Histogram, Stretch, Tally, decoded

T = TypeVar("T")
STATS = "cluster:stats:"
"""What a node tells of itself lies at this and its name, and is gone once it has not told for a while."""
NODES = "cluster:nodes"
"""Who is expected: a hash of what is known of each node, by its id."""


@dataclass(frozen=True, slots=True)
class Process:
    """What a node takes of its machine."""

    pid: int = 0
    memory_bytes: int = 0
    threads: int = 0
    open_files: int = 0
    cpu_percent: float = 0.0
    """Of one processor, lately."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a node tells of itself. Fields a later version adds are passed over, those it leaves out stand at their defaults."""

    cluster_node: str
    node_id: str = ""
    region: str = ""
    server_type: str = ""
    version: str = ""
    boot: str = ""
    """The name of this life of the node; another one after each start."""
    started_at: str = ""
    published_at: str = ""
    up_seconds: float = 0.0
    parameters_version: int = 0
    feeds: Mapping[str, str] = field(default_factory=dict)
    """How each venue's feed stands, those that are off left out."""
    process: Process = field(default_factory=Process)
    totals: Mapping[str, int] = field(default_factory=dict)
    """The 24 since the node started."""
    since_reset: Stretch = field(default_factory=lambda: Stretch(0.0, {}))
    lately: Stretch = field(default_factory=lambda: Stretch(0.0, {}))
    latency: Mapping[str, str] = field(default_factory=dict)
    """How long answers took since the node started, by way: histograms as text, to be added up over nodes."""
    kept_ms: int = 0
    """For how long it lies there: what is left of that says how old it is, by the one clock of the cache."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a node whether or not it tells anything now. `seen_at_ms` is by its own clock."""

    cluster_node: str
    server_type: str = ""
    seen_at_ms: int = 0
    has_left: bool = False
    """It stopped in order: nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A node that tells of itself, and how long ago it last did."""

    snapshot: Snapshot
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Gone:
    """A node that is expected and tells nothing. None where nobody knows since when."""

    cluster_node: str
    server_type: str
    last_seen_at_ms: int | None


@dataclass(frozen=True, slots=True)
class View:
    """The cluster at one moment. Without a shared cache, or while it is away, the other nodes are `unseen`, which is not missing."""

    found: Sequence[Found]
    missing: Sequence[Gone]
    unseen: Sequence[str]
    twins: Sequence[str]
    """Names that two living nodes have: each hides the other."""
    nodes_expected: int
    trouble: str = ""
    """Why only this node can be seen; empty where all can."""


@dataclass(frozen=True, slots=True)
class Summed:
    """Nodes together: what they counted since their last reset and since their starts, and what that comes to."""

    counted: Tally
    totals: Mapping[str, int]
    derived: Derived
    lately: Derived
    latency: Mapping[str, Histogram]
    """How long answers took since the nodes started, by way."""


def encoded(value: Snapshot | Known) -> bytes:
    """Return what is put into the shared cache."""
    return msgspec.json.encode(value)


def latencies_of(snapshot: Snapshot) -> dict[str, Histogram]:
    """Return how long a node's answers took, by way; what another version tells otherwise is left out."""
    read = {}
    for way, text in snapshot.latency.items():
        try:
            read[way] = decoded(text)
        except ValueError:
            continue
    return read


def snapshot_of(text: object) -> Snapshot | None:
    """Return what a node told; None where it is nothing of ours, whoever wrote it there."""
    return _decoded(text, Snapshot)


def registry_of(answer: object) -> dict[str, Known]:
    """Return who is known, by id, from the fields of the hash; what cannot be read is left out."""
    fields = [each if isinstance(each, bytes) else b"" for each in answer] if isinstance(answer, list) else []
    pairs = zip(fields[::2], fields[1::2], strict=False)
    read = {name.decode(errors="replace"): _decoded(text, Known) for name, text in pairs}
    return {node_id: known for node_id, known in read.items() if known is not None}


def remembered(held: Mapping[str, Known], own: Mapping[str, Known], *, now_ms: int, kept_ms: int) -> dict[str, Known]:
    """Return who is known by what the cache holds and what this node remembers; the cache may have lost all of it.

    What the cache holds is newer. A node that nobody saw for `kept_ms` is forgotten.
    """
    return {node_id: known for node_id, known in (dict(own) | dict(held)).items() if now_ms - known.seen_at_ms < kept_ms}


def expected_of(registry: Mapping[str, Known], neighbours: Mapping[str, str]) -> dict[str, Known]:
    """Return the nodes that should tell of themselves, by name, each as it was last seen.

    `neighbours` are those, name by id, that the database says are alive: one of them may never have reached the cache.
    """
    alive = {node_id: Known(name) for node_id, name in neighbours.items()} | dict(registry)
    expected: dict[str, Known] = {}
    for known in alive.values():
        if not known.has_left and known.seen_at_ms >= expected.get(known.cluster_node, known).seen_at_ms:
            expected[known.cluster_node] = known
    return expected


def missing_of(expected: Mapping[str, Known], found: Iterable[str]) -> list[Gone]:
    """Return who is expected and not found, in order of name."""
    here = set(found)
    gone = [known for name, known in sorted(expected.items()) if name not in here]
    return [Gone(known.cluster_node, known.server_type, known.seen_at_ms or None) for known in gone]


def twins_of(registry: Mapping[str, Known], *, within_ms: int) -> list[str]:
    """Return the names under which two nodes were last seen within `within_ms` of each other, neither having left."""
    seen: dict[str, list[int]] = {}
    for known in registry.values():
        if not known.has_left:
            seen.setdefault(known.cluster_node, []).append(known.seen_at_ms)
    newest = {name: sorted(moments, reverse=True) for name, moments in seen.items()}
    return sorted(name for name, moments in newest.items() if len(moments) > 1 and moments[0] - moments[1] <= within_ms)


def _decoded(text: object, kind: type[T]) -> T | None:
    if not isinstance(text, bytes):
        return None
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
