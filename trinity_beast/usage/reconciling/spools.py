"""What lies in spool directories: read while a node may be writing, storing and removing there."""

from collections.abc import Iterable
from pathlib import Path

from trinity_beast.engine import UsageBatch
from trinity_beast.usage.model import SegmentFile, Span
from trinity_beast.usage.reconciling.model import LaneName, OnSpool
from trinity_beast.usage.service import SpoolReader
from trinity_beast.usage.waiting import PACKED, SET_ASIDE, Waiting

RECORDS_MAX = 1_000_000
WHY = ".why"


def on_spools(directories: Iterable[Path]) -> OnSpool:
    """Return what waits in these directories. A file that is stored and removed meanwhile is left out: it is in the database.

    Raises:
        SpoolUnreadable: a directory is not ours to read. One that is not there yet holds nothing.
    """
    found = OnSpool()
    for directory in directories:
        if directory.is_dir():
            _take_segments(directory, found)
            _take_packed(directory, found)
            _take_set_aside(directory, found)
    return found


def _take_segments(directory: Path, found: OnSpool) -> None:
    listing = SpoolReader(directory).listing()
    found.unreadable += [(file.path, file.reason) for file in listing.unreadable]
    for segment in listing.segments:
        spans = _spans_of(segment)
        if spans:
            _add(found, LaneName(segment.node, segment.boot, segment.thread), spans)
            found.files += 1


def _spans_of(segment: SegmentFile) -> list[Span]:
    """Return a segment's sequences, those of damaged records left out."""
    if not segment.sealed or not segment.torn_bytes:
        return [Span(segment.first_sequence, segment.first_sequence + segment.records - 1)] if segment.records else []
    try:
        batches = UsageBatch.of_segment(segment.path, records_max=RECORDS_MAX)
    except (OSError, ValueError):
        return []  # Stored and removed meanwhile; what cannot be read is told by the listing.
    return [Span(batch.first_sequence, batch.last_sequence) for batch in batches]


def _take_packed(directory: Path, found: OnSpool) -> None:
    waiting = Waiting(directory)
    for path in waiting.paths():
        if path.suffix != PACKED:
            continue
        try:
            batches = waiting.batches(path, records_max=RECORDS_MAX)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            found.unreadable.append((str(path), str(error)))
            continue
        found.files += 1
        for batch in batches:
            _add(found, LaneName(batch.node, batch.boot, batch.thread), [Span(batch.first_sequence, batch.last_sequence)])


def _take_set_aside(directory: Path, found: OnSpool) -> None:
    folder = directory / SET_ASIDE
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.suffix == WHY:
            continue
        why = path.with_name(path.name + WHY)
        found.unreadable.append((str(path), why.read_text(encoding="utf-8").strip() if why.exists() else "set aside"))


def _add(found: OnSpool, name: LaneName, spans: list[Span]) -> None:
    found.spans.setdefault(name, []).extend(spans)
    found.nodes.add(name.node)
