"""The exporter: spans that have ended go to a collector, some at a time, by the SDK's own. What is not taken is dropped and counted."""

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import Future
from threading import Thread

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace import export as sdk

from trinity_beast.clock import Clock, pause
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.telemetry import metrics
from trinity_beast.telemetry.metric import Sample
from trinity_beast.telemetry.parameters import TRACE_EXPORT_SECONDS
from trinity_beast.telemetry.tracing.address import OtlpAddress
from trinity_beast.telemetry.tracing.recorder import SpanRecorder

BATCH_SPANS = 512
CALL_SECONDS = 10.0
"""How long the SDK tries to have one batch taken, all its tries together."""
FAREWELL_SECONDS = 3.0
_log = get_log("telemetry")


class SpanExporter:
    """Tells a recorder's spans every `trace_export_seconds`. A `Part`.

    Traces are worth less than anything they are made of: a collector that is away costs the spans of its absence beyond what
    the recorder keeps, and nothing else.
    """

    name = "traces"

    def __init__(
        self,
        recorder: SpanRecorder,
        address: OtlpAddress,
        *,
        clock: Clock,
        readings: Readings | None = None,
        call_seconds: float = CALL_SECONDS,
        farewell_seconds: float = FAREWELL_SECONDS,
    ) -> None:
        self._recorder, self._clock, self._farewell_seconds = recorder, clock, farewell_seconds
        self._every_seconds = (readings or Readings()).of(TRACE_EXPORT_SECONDS)
        self._session = _Session()
        self._otlp: sdk.SpanExporter = OTLPSpanExporter(
            address.url, headers=dict(address.headers), timeout=call_seconds, compression=Compression.NoCompression, session=self._session
        )
        # What it has to say, it says of every try and every batch; the log has it once, from here.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._is_over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_away = False
        self.exported = self.unexported = 0

    async def start(self) -> None:
        """Tell spans from here on."""
        self._task = asyncio.create_task(self._export_until_over(), name=self.name)

    async def stop(self) -> None:
        """Tell what waits, if the collector takes it soon."""
        assert self._task is not None, "it was started"
        self._is_over.set()
        await asyncio.wait([self._task], timeout=self._farewell_seconds)
        if self._task.cancel():
            _log.warning("last spans not told", count=self._recorder.waiting)
        self._otlp.shutdown()
        await asyncio.gather(self._task, return_exceptions=True)

    async def export(self) -> None:
        """Tell every span that has ended by now."""
        while spans := self._recorder.take(BATCH_SPANS):
            is_told = False
            try:
                is_told = await self._beside(spans) is sdk.SpanExportResult.SUCCESS
            finally:
                self._count(len(spans), is_told=is_told)

    def samples(self) -> Iterator[Sample]:
        """Give what became of spans as metrics."""
        yield metrics.TRACE_SPANS.at(self.exported, "told")
        yield metrics.TRACE_SPANS.at(self.unexported, "untold")
        yield metrics.TRACE_SPANS.at(self._recorder.dropped, "dropped")
        yield metrics.TRACE_SPANS_WAITING.at(self._recorder.waiting)

    async def _export_until_over(self) -> None:
        is_last = False
        while not is_last:
            await pause(self._clock, self._every_seconds.value, until=self._is_over)
            try:
                await self.export()
            except Exception as error:  # Whatever it was, nothing else of the node must notice.
                _log.error("spans not told", error=error)
            is_last = self._is_over.is_set()

    def _beside(self, spans: list[ReadableSpan]) -> "asyncio.Future[sdk.SpanExportResult]":
        """Have the SDK tell them in a thread that keeps nobody: neither the loop, nor one who waits for a pool's, nor the node's end."""
        answer: Future[sdk.SpanExportResult] = Future()
        answer.set_running_or_notify_cancel()

        def tell() -> None:
            try:
                self._session.outcome = "not to be encoded"
                answer.set_result(self._otlp.export(spans))
            except Exception as error:
                answer.set_exception(error)

        Thread(target=tell, name=self.name, daemon=True).start()
        return asyncio.wrap_future(answer)

    def _count(self, spans: int, *, is_told: bool) -> None:
        if is_told:
            self.exported += spans
        else:
            self.unexported += spans
            if not self._is_away:  # The counters go on; the log says it once.
                _log.warning("collector does not take spans", reason=self._session.outcome)
        self._is_away = not is_told


class _Session(requests.Session):
    """Goes where the settings say and nowhere else, whatever the environment says of proxies and passwords."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.outcome = ""
        """How the last call ended: never what the collector said, for it may echo a secret."""

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        """Call once."""
        self.outcome = "no answer"
        try:
            answer = super().send(request, **kwargs)
        except Exception as error:
            self.outcome = type(error).__name__
            raise
        self.outcome = f"status {answer.status_code}"
        if answer.status_code // 100 == 3:  # The SDK follows none and takes it for a success.
            raise requests.TooManyRedirects
        return answer
