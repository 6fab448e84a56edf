"""Which ports each mode opens: what the doctor looks at before a node does."""

from collections.abc import Mapping, Sequence

from trinity_beast.ops import Listener
from trinity_beast.settings import Mode, Settings

PRICES, REPORTS, PUSH = ("price", "price_health"), ("report", "report_health"), ("push_health",)
SERVICES: Mapping[Mode, Sequence[str]] = {
    Mode.APP_SERVER: PRICES,
    Mode.REPORT_SERVER: REPORTS,
    Mode.APP_REPORT_SERVER: (*PRICES, *REPORTS),
    Mode.WEBHOOK_SERVER: PUSH,
}


def listeners_of(settings: Settings) -> list[Listener]:
    """Return every port the node of these settings opens, TCP first."""
    names = SERVICES[settings.mode]
    udp = [name for name in ("price_udp", "report_udp") if name.removesuffix("_udp") in names]
    return [
        *(Listener(name, settings.bind, getattr(settings, f"{name}_port")) for name in names),
        *(Listener(name, settings.bind, getattr(settings, f"{name}_port"), is_udp=True) for name in udp),
    ]
