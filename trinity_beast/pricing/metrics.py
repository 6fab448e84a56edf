"""The metrics of pricing."""

from trinity_beast.telemetry import Kind, Metric

COUNTED = {
    part: {name: Metric(f"{part}_{name}", about, unit=unit) for name, (about, unit) in counts.items()}
    for part, counts in {
        "liveness": {
            "verdicts_unproven": ("Looks at silent symbols that proved nothing.", "looks"),
            "verdicts_quiet": ("Looks that proved a symbol quiet: the venue has had no newer trade.", "looks"),
            "verdicts_newer": ("Looks that found a newer trade than the feed had told.", "looks"),
            "verdicts_unchanged": ("Looks that found what the look before had found.", "looks"),
            "verdicts_halted": ("Looks that found a symbol halted.", "looks"),
            "renewals": ("Symbols subscribed anew because they were silent though traded.", "symbols"),
            "looks_put_off": ("Looks put off because enough were on their way.", "looks"),
            "looks_spared": ("Looks that the venue's own word made unnecessary.", "looks"),
            "attended": ("Times a silent symbol was attended to.", "times"),
        },
        "prices": {
            "trades_unmapped": ("Trades of symbols that no asset is mapped to.", "trades"),
            "trades_late": ("Trades older than the one held before.", "trades"),
            "jumps_held": ("Trades held back because their price jumps beyond belief.", "trades"),
            "venues_switched": ("Times another venue began to answer for an asset.", "times"),
            "publishes_refused": ("Prices that the engine's book would not take.", "prices"),
        },
        "demand": {
            "datagrams": ("Datagrams that waited for a price to be fetched.", "datagrams"),
            "fetched_for_datagrams": ("Prices fetched for datagrams.", "prices"),
        },
    }.items()
}
"""By part, and by the name each has in `Tallies.counted`."""

ASSETS = Metric("assets", "Assets held from the start, by what is told of them.", Kind.GAUGE, unit="assets", labels=("state",))
STANDING = {
    "liveness": {
        "watched": Metric("liveness_watched", "Symbols watched for silence.", Kind.GAUGE, unit="symbols"),
        "looks_under_way": Metric("liveness_looks_under_way", "Looks at silent symbols on their way.", Kind.GAUGE, unit="looks"),
    },
    "demand": {"kept_warm": Metric("demand_kept_warm", "Assets that no feed holds and that are kept warm.", Kind.GAUGE, unit="assets")},
}
"""By part, and by the name each has in `Tallies.standing`."""
