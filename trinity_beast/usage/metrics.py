"""The metrics of usage on its way, of a node's shipper and of a writer."""

from trinity_beast.telemetry import Kind, Metric

BACKLOG_FILES = Metric("usage_backlog_files", "Files of usage that wait to be stored.", Kind.GAUGE, unit="files")
BACKLOG_BYTES = Metric("usage_backlog_bytes", "Bytes of usage that waits to be stored.", Kind.GAUGE, unit="bytes")
BACKLOG_RECORDS = Metric("usage_backlog_records", "Records that wait to be stored.", Kind.GAUGE, unit="records")
BACKLOG_OLDEST_SECONDS = Metric("usage_backlog_oldest_seconds", "How long the oldest file has waited.", Kind.GAUGE, unit="seconds")
SPOOL_BYTES_MAX = Metric("usage_spool_bytes_max", "Bytes that usage that waits may take.", Kind.GAUGE, unit="bytes")
STORED_PER_SECOND = Metric(
    "usage_stored_per_second", "Records stored a second, over the last minute.", Kind.GAUGE, unit="records per second"
)  # fmt: skip
RECORDS_STORED = Metric("usage_records_stored", "Records this process had stored.", unit="records")
SEGMENTS_STORED = Metric("usage_segments_stored", "Files whose every record is stored.", unit="files")
BATCHES_SET_ASIDE = Metric("usage_batches_set_aside", "Batches set aside by this node.", unit="batches")
FILES_SET_ASIDE = Metric("usage_files_set_aside", "Files set aside because they cannot be read.", unit="files")
FILES_COMPRESSED = Metric("usage_files_compressed", "Files compressed while they wait.", unit="files")
SHIP_FAILURES = Metric("usage_ship_failures", "Times a file could not be shipped.", unit="times")
RECORDS_UNDER_WAY = Metric(
    "usage_records_under_way", "Records sent to the queue and not known to be stored.", Kind.GAUGE, unit="records"
)  # fmt: skip
BATCHES_RESENT = Metric("usage_batches_resent", "Batches sent to the queue once more.", unit="batches")

MESSAGES_DONE = Metric("usage_messages_done", "Messages of the queue that a writer dealt with.", unit="messages")
RECORDS_KNOWN = Metric("usage_records_known", "Records that came to a writer once more, and were stored before.", unit="records")
SET_ASIDE = Metric("usage_set_aside", "Batches and messages set aside by a writer.", unit="batches")
RECEIVE_FAILURES = Metric("usage_receive_failures", "Times the queue or the database did not do what a writer asked.", unit="times")
