"""The exporter: spans that have ended go to a collector, some at a time. What it does not take in time is dropped and counted."""

import asyncio
from collections.abc import Iterator

import aiohttp

from trinity_beast.clock import Clock, pause
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.telemetry import metrics
from trinity_beast.telemetry.metric import Sample
from trinity_beast.telemetry.parameters import TRACE_EXPORT_SECONDS
from trinity_beast.telemetry.tracing.address import OtlpAddress
from trinity_beast.telemetry.tracing.model import Ended, Resource
from trinity_beast.telemetry.tracing.protobuf import export_request
from trinity_beast.telemetry.tracing.recorder import SpanRecorder

BATCH_SPANS = 512
TRIES_MAX = 4
PAUSE_SECONDS = 1.0
CALL_SECONDS = 10.0
FAREWELL_SECONDS = 3.0
TRY_AGAIN = frozenset((429, 502, 503, 504))
"""Statuses after which the same request may be made again.
Source: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes, read 2026-11-20.
"""
_HEADERS = {"Content-Type": "application/x-protobuf"}
_log = get_log("telemetry")


class SpanExporter:
    """Tells a recorder's spans every `trace_export_seconds`. A `Part`.

    Traces are worth less than anything they are made of: a collector that is away costs the spans of its absence beyond what
    the recorder keeps, and nothing else.
    """

    name = "traces"

    def __init__(
        self, recorder: SpanRecorder, address: OtlpAddress, resource: Resource, *, clock: Clock, readings: Readings | None = None
    ) -> None:  # fmt: skip
        readings = readings or Readings()
        self._recorder, self._address, self._resource, self._clock = recorder, address, resource, clock
        self._every_seconds = readings.of(TRACE_EXPORT_SECONDS)
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_away = False
        self.exported = self.unexported = self.calls = 0

    async def start(self) -> None:
        """Tell spans from here on."""
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout, headers={**_HEADERS, **self._address.headers}, trust_env=False)
        self._task = asyncio.create_task(self._export_for_ever(), name=self.name)

    async def stop(self) -> None:
        """Tell what waits, if the collector takes it soon."""
        assert self._task is not None, "it was started"
        assert self._session is not None, "it was started"
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self.export()
        except TimeoutError:
            _log.warning("last spans not told", count=self._recorder.waiting)
        await self._session.close()

    async def export(self) -> None:
        """Tell every span that has ended by now."""
        while spans := self._recorder.take(BATCH_SPANS):
            is_told = False
            try:
                is_told = await self._is_told(export_request(self._resource, spans))
            finally:
                self._count(spans, is_told=is_told)

    def samples(self) -> Iterator[Sample]:
        """Give what became of spans as metrics."""
        yield metrics.TRACE_SPANS.at(self.exported, "told")
        yield metrics.TRACE_SPANS.at(self.unexported, "untold")
        yield metrics.TRACE_SPANS.at(self._recorder.dropped, "dropped")
        yield metrics.TRACE_SPANS_WAITING.at(self._recorder.waiting)

    async def _export_for_ever(self) -> None:
        while True:
            await pause(self._clock, self._every_seconds.value)
            try:
                await self.export()
            except Exception as error:  # Whatever it was, nothing else of the node must notice.
                _log.error("spans not told", error=error)

    async def _is_told(self, body: bytes) -> bool:
        for tries in range(TRIES_MAX):
            if tries:
                await self._clock.sleep(PAUSE_SECONDS * 2.0 ** (tries - 1))
            status, reason = await self._posted(body)
            if status // 100 == 2:
                self._is_away = False
                return True
            if not self._is_away:  # The counters go on; the log says it once.
                _log.warning("collector does not take spans", reason=reason)
                self._is_away = True
            if status and status not in TRY_AGAIN:
                return False
        return False

    async def _posted(self, body: bytes) -> tuple[int, str]:
        """Return the collector's status, 0 where it has none, and why it did not take them. Never what it said: it may echo a secret."""
        assert self._session is not None, "it was started"
        self.calls += 1
        try:
            async with self._session.post(self._address.url, data=body, allow_redirects=False) as answer:
                return answer.status, f"status {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return 0, type(error).__name__

    def _count(self, spans: list[Ended], *, is_told: bool) -> None:
        if is_told:
            self.exported += len(spans)
        else:
            self.unexported += len(spans)
