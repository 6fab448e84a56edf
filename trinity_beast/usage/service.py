"""What can be asked of a spool directory. Nothing here writes: the engine does, and may be doing so meanwhile."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from trinity_beast import engine
from trinity_beast.usage.errors import SpoolUnreadable
from trinity_beast.usage.model import SegmentFile, SpoolListing, UnreadableFile, UsageRecord

SEGMENT_ENDINGS = (".open", ".sealed")


class SpoolReader:
    """Reads the segments of one spool directory, open ones as far as they have come."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def listing(self) -> SpoolListing:
        """Return every segment that holds a record, oldest first. Files the engine keeps ready hold none and are left out.

        Raises:
            SpoolUnreadable: the directory is not there or not ours to read.
        """
        try:
            segments = tuple(_segment_file(segment) for segment in engine.spool_segments(str(self._directory)))
            unreadable = tuple(self._unreadable({segment.path for segment in segments}))
        except OSError as error:
            raise SpoolUnreadable(path=str(self._directory), reason=error.strerror or str(error)) from error
        return SpoolListing(str(self._directory), segments, unreadable)

    def records(self, paths: Sequence[Path] = ()) -> Iterator[UsageRecord]:
        """Go through the records of `paths`, segments or directories, in order; without paths, of the whole directory.

        Raises:
            SpoolUnreadable: one of them cannot be read; the records before it have been given.
        """
        for path in paths or [self._directory]:
            if path.is_dir():
                for segment in SpoolReader(path).listing().segments:
                    yield from _records_of(segment.path)
            else:
                yield from _records_of(str(path))

    def _unreadable(self, known: set[str]) -> Iterator[UnreadableFile]:
        for path in sorted(self._directory.iterdir()):
            if path.suffix not in SEGMENT_ENDINGS or str(path) in known:
                continue
            try:
                engine.read_segment(str(path))
            except FileNotFoundError:
                continue  # Sealed under its other name, or shipped, since the directory was listed.
            except (OSError, ValueError) as error:
                yield UnreadableFile(str(path), _reason(error))


def _records_of(path: str) -> Iterator[UsageRecord]:
    try:
        records = engine.read_segment(path)
    except (OSError, ValueError) as error:
        raise SpoolUnreadable(path=path, reason=_reason(error)) from error
    for record in records:
        yield UsageRecord(**record)  # type: ignore[arg-type]  # The engine names exactly these fields; a test holds both to it.


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _segment_file(segment: engine.Segment) -> SegmentFile:
    return SegmentFile(
        path=segment.path,
        node=segment.node,
        boot=segment.boot,
        thread=segment.thread,
        first_sequence=segment.first_sequence,
        records=segment.records,
        torn_bytes=segment.torn_bytes,
        sealed=segment.sealed,
        created_ns=segment.created_ns,
        file_bytes=segment.file_bytes,
        lost_before=segment.lost_before,
    )
