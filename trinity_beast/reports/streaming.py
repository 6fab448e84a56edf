"""A report as bytes: each form's writer over its rows, some at a time, so that a million of them cost no more memory than a thousand."""

from collections.abc import AsyncGenerator

from trinity_beast.reports.asked import Asked
from trinity_beast.reports.formats import Aligned, Delimited, Envelope, Objects, RowWriter
from trinity_beast.reports.model import COLUMNS, Form
from trinity_beast.reports.packing import Packing
from trinity_beast.reports.service import Telling


def writer_of(form: Form, asked: Asked, envelope: Envelope) -> RowWriter:
    """Return what writes a report in a form."""
    columns = COLUMNS[asked.kind]
    match form:
        case Form.JSON:
            return Objects(columns, envelope)
        case Form.CSV:
            return Delimited(columns, delimiter=asked.delimiter)
        case Form.TSV:
            return Delimited(columns, delimiter="\t")
        case Form.TEXT:
            return Aligned(columns)


async def parts_of(telling: Telling, writer: RowWriter, packing: Packing) -> AsyncGenerator[bytes, None]:
    """Go through the bytes of a report. What is yielded counts as told.

    The first rows are waited for before anything leaves: until then a report can still be refused as a whole.
    """
    head = writer.begin(telling.head)
    async for rows in telling.rows:
        sent = packing.add(head + writer.rows(rows), is_urgent=bool(head))
        telling.rows_told += len(rows)
        head = b""
        if sent:
            telling.answer_bytes += len(sent)
            yield sent
    rest = packing.add(head + writer.end()) + packing.end()
    telling.answer_bytes += len(rest)
    telling.is_whole = True
    yield rest
