"""The metrics of feeds and of REST looks, each by venue."""

from trinity_beast.telemetry import Kind, Metric

_VENUE = ("venue",)
_UNITS = {"sequence": "numbers", "silences": "connections", "reconnects": "connections", "halts": "times", "proofs": "times"}

FEED_LIVE = Metric("feed_live", "Whether the venue's feed has shown life: 1 or 0.", Kind.GAUGE, labels=_VENUE)
FEED = {
    name: Metric(f"feed_{name}", about, unit=_UNITS.get(name.partition("_")[0], name.partition("_")[0]), labels=_VENUE)
    for name, about in {
        "frames": "Frames read.",
        "trades": "Trades read from frames.",
        "trades_history": "Trades of before the subscription, told again by the venue.",
        "trades_unasked": "Trades of symbols that nobody had subscribed.",
        "trades_late": "Trades older than the one held before.",
        "trades_repeated": "Trades told once more, or by a second connection.",
        "trades_future": "Trades whose time lies further ahead than is believed.",
        "rows_refused_price": "Rows of frames whose price could not be read.",
        "rows_refused_time": "Rows of frames whose time could not be read.",
        "rows_refused_symbol": "Rows of frames whose symbol could not be read.",
        "frames_unknown": "Frames of no kind that the feed's row names.",
        "frames_unreadable": "Frames that are not of the form they should have.",
        "heartbeats": "Signs of life that are no trades.",
        "acks": "Subscriptions that the venue confirmed.",
        "refusals": "Refusals that the venue sent.",
        "symbols_refused": "Symbols that the venue would not subscribe.",
        "symbols_unanswered": "Symbols whose subscription the venue did not answer.",
        "symbols_renewed": "Symbols subscribed anew because they were silent though traded.",
        "requests_sent": "Requests to subscribe that were sent.",
        "requests_halved": "Requests to subscribe that were sent again in halves, because the venue refused the whole.",
        "pings_sent": "Pings sent.",
        "replies_sent": "Replies to the venue's own pings.",
        "sequence_gaps": "Gaps in the numbers by which the venue counts.",
        "sequence_missing": "Numbers that are missing in all gaps together.",
        "sequence_repeats": "Numbers that came twice.",
        "halts": "Times the venue said that it has halted a symbol or itself.",
        "proofs_heard": "Times the venue vouched for the very trade that is held.",
        "proofs_against": "Times the venue named a later trade than the one held.",
        "connections_opened": "Connections opened.",
        "connections_failed": "Connections that could not be opened.",
        "connections_lost": "Connections lost.",
        "silences": "Connections given up for being silent.",
        "reconnects_planned": "Connections made anew before the venue would end them.",
    }.items()
}
"""By the name each has in `Counts`."""

REST_WAITING = Metric("rest_waiting", "Looks that wait for their turn at the venue's REST.", Kind.GAUGE, unit="looks", labels=_VENUE)
REST_UNDER_WAY = Metric("rest_under_way", "Requests on their way to the venue's REST.", Kind.GAUGE, unit="requests", labels=_VENUE)
REST_PAUSED_SECONDS = Metric(
    "rest_paused_seconds", "How long the venue's REST is still left alone.", Kind.GAUGE, unit="seconds", labels=_VENUE
)  # fmt: skip
REST_REQUESTS_PER_SECOND = Metric(
    "rest_requests_per_second", "What the venue's REST may be asked.", Kind.GAUGE, unit="requests per second", labels=_VENUE
)  # fmt: skip
REST = {
    name: Metric(f"rest_{name}", about, unit={"requests": "requests", "pauses": "pauses"}.get(name, "looks"), labels=_VENUE)
    for name, about in {
        "looks": "Looks at a symbol's last trade.",
        "looks_shared": "Times somebody shared a look that was on its way.",
        "requests": "Requests sent to the venue's REST, those for its list of symbols included.",
        "answered": "Looks that found a trade.",
        "late": "Looks that were not answered in time.",
        "unreachable": "Looks that did not reach the venue.",
        "limited": "Looks the venue refused for coming too fast.",
        "paused": "Looks not made because the venue is left alone for a while.",
        "crowded": "Looks not made because too many waited.",
        "statuses": "Looks answered with a status that tells nothing.",
        "too_long": "Looks whose answer was longer than is read.",
        "unreadable": "Looks whose answer could not be read.",
        "refused": "Looks the venue refused in its answer, or for which its row has no rules.",
        "not_traded": "Looks at symbols that the venue does not trade.",
        "halted": "Looks that found the symbol halted.",
        "no_trade": "Looks at symbols that have no trade.",
        "future": "Looks whose trade's time lies further ahead than is believed.",
        "pauses": "Times the venue was left alone for a while.",
    }.items()
}
"""By the name each has in `LookCounts`."""
