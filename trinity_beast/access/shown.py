"""Keys, tiers and changes on a terminal: tables for people, made from what programs are told."""

from collections.abc import Sequence

from rich.table import Table

from trinity_beast.access.told import AccountTold, EntryTold, KeyTold, TierTold


def keys_table(keys: Sequence[KeyTold]) -> Table:
    """Return every key in a line."""
    table = _table("key>", "public id", "kind", "tier", "name", "state", "account>", "created", "ends", "last used")
    for key in keys:
        account = "-" if key.account_id is None else str(key.account_id)
        moments = [_minute(moment) for moment in (key.created_at, key.ends_at or key.revoked_at, key.last_used_at)]
        table.add_row(str(key.key_id), key.public_id, key.kind, key.tier, key.name, key.state, account, *moments)
    return table


def key_table(key: KeyTold) -> Table:
    """Return everything about one key, a line each."""
    table = _table("", "")
    for name, value in key.model_dump().items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        table.add_row(name, "-" if shown in {None, ""} else str(shown))
    return table


def tiers_table(tiers: Sequence[TierTold]) -> Table:
    """Return every tier in a line."""
    table = _table("tier", "a second>", "burst>", "a month>", "reports>", "features", "batch>", "believed for>", "version>")
    for tier in tiers:
        features = [name for name, value in tier.features.items() if value is True] + (["no limits"] if tier.unlimited else [])
        counts = [_bound(tier.monthly_quota), _bound(tier.report_quota)]
        table.add_row(
            tier.tier,
            f"{tier.rate_per_second:,g}",
            f"{tier.burst:,}",
            *counts,
            ", ".join(features) or "-",
            str(tier.features.get("batch_assets_max", "")),
            f"{tier.key_cache_seconds:,} s",
            str(tier.version),
        )
    return table


def accounts_table(accounts: Sequence[AccountTold]) -> Table:
    """Return every account in a line."""
    table = _table("account>", "public id", "name", "opened", "keys>")
    for account in accounts:
        table.add_row(str(account.account_id), account.public_id, account.name, _minute(account.created_at), str(account.keys))
    return table


def entries_table(entries: Sequence[EntryTold]) -> Table:
    """Return changes, the newest first, with what differed."""
    table = _table("when", "who", "did", "what", "why", "from", "to")
    for entry in entries:
        sides = [_values(side) for side in (entry.before, entry.after)]
        table.add_row(_minute(entry.at), entry.by, entry.action, f"{entry.kind} {entry.subject}", entry.reason or "-", *sides)
    return table


def _table(*headings: str) -> Table:
    """Return a table without lines; a heading that ends in `>` stands over numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(headings))
    for heading in headings:
        is_number = heading.endswith(">")
        table.add_column(heading.removesuffix(">"), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def _minute(moment: str | None) -> str:
    return "-" if moment is None else moment[:16].replace("T", " ")


def _bound(quota: int | None) -> str:
    return "no bound" if quota is None else f"{quota:,}"


def _values(side: dict[str, object] | None) -> str:
    return "-" if side is None else " ".join(f"{name}={value}" for name, value in side.items())
