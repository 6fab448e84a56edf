"""Where a node's traces go: nowhere, unless the settings say where."""

from trinity_beast.clock import Clock
from trinity_beast.parameters import Readings
from trinity_beast.parts import Part
from trinity_beast.settings import SettingInvalid, Settings
from trinity_beast.telemetry import OtlpAddress, Samples, SpanExporter, SpanRecorder, otlp_address
from trinity_beast.traces import UNTRACED, Facts, Traces
from trinity_beast.version import VERSION

SERVICE = "trinity-beast"


class Tracing:
    """The traces of one node, and who tells them."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Record where the settings name a collector, else nothing.

        Raises:
            SettingInvalid: where they go cannot be read.
        """
        self._clock = clock
        self._address = _address_of(settings)
        self._recorder = None if self._address is None else SpanRecorder(clock, _resource(settings))

    @property
    def traces(self) -> Traces:
        """Return where spans are begun."""
        return self._recorder or UNTRACED

    def parts(self, readings: Readings) -> tuple[list[Part], list[Samples]]:
        """Return what runs, and what it tells as metrics; from here on what is turned counts."""
        if self._recorder is None or self._address is None:
            return [], []
        self._recorder.go_by(readings)
        exporter = SpanExporter(self._recorder, self._address, clock=self._clock, readings=readings)
        return [exporter], [exporter.samples]


def _resource(settings: Settings) -> Facts:
    return {"service.name": SERVICE, "service.version": VERSION, "service.instance.id": settings.node, "cloud.region": settings.region}


def _address_of(settings: Settings) -> OtlpAddress | None:
    if not settings.otlp_endpoint:
        return None
    try:
        return otlp_address(settings.otlp_endpoint, settings.otlp_headers)
    except ValueError as error:
        raise SettingInvalid(setting="OTEL_EXPORTER_OTLP_ENDPOINT", reason=str(error)) from error
