"""Every SQL statement of quota alerts."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.access.alerts.model import PERCENTS, AlertFilter, ListedAlert, QuotaAlert
from trinity_beast.access.alerts.tables import quota_alerts
from trinity_beast.access.model import Kind
from trinity_beast.access.tables import api_keys, rate_limit_template

_ALERT = list(quota_alerts.c)


async def note_alerts(tx: AsyncConnection, key_ids: Collection[int], *, month: date, at: datetime) -> Sequence[QuotaAlert]:
    """Note what of `month` the keys have reached by the counts in the store, and return what was not noted before.

    To be called in the transaction that counts their use: an alert then exists if and only if the count does, and of many
    nodes that see a threshold passed exactly one notes it.
    """
    percents = (
        sa.func.unnest(sa.bindparam("percents", list(PERCENTS), sa.ARRAY(sa.SmallInteger)))
        .table_valued(sa.column("percent", sa.SmallInteger), name="thresholds")
        .render_derived()
    )
    percent = percents.c.percent
    stands = _standings(key_ids, month).subquery()
    reached = (
        sa.select(stands.c.key_id, stands.c.month, percent, stands.c.quota, stands.c.used, sa.literal(at, sa.DateTime(timezone=True)))
        .join(percents, sa.true())
        .where(stands.c.quota > 0, sa.cast(stands.c.used, sa.Numeric) * 100 >= sa.cast(stands.c.quota, sa.Numeric) * percent)
        .order_by(stands.c.key_id, percent)
    )
    names = ["key_id", "month", "percent", "quota", "used", "reached_at"]
    statement = insert(quota_alerts).from_select(names, reached).on_conflict_do_nothing().returning(*_ALERT)
    return [QuotaAlert(**row._mapping) for row in await tx.execute(statement)]


def _standings(key_ids: Collection[int], month: date) -> sa.Select[tuple[int, date, int, int]]:
    """Select what keys have used of what: of their own quota, or of their account's where that is nearer its end."""
    own_quota = sa.func.least(api_keys.c.monthly_quota, rate_limit_template.c.monthly_quota)
    siblings = api_keys.alias("siblings")
    of_account = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(siblings.c.quota_used), 0), sa.BigInteger))
        # A rotated key's successor began with what the old one had used.
        .where(siblings.c.account_id == api_keys.c.account_id, siblings.c.quota_month == month, siblings.c.successor_id.is_(None))
        .correlate(api_keys)
        .lateral("of_account")
    )
    used_by_account = of_account.c[0]
    is_nearer = (
        sa.cast(used_by_account, sa.Numeric) * own_quota > sa.cast(api_keys.c.quota_used, sa.Numeric) * rate_limit_template.c.monthly_quota
    )
    own_limits = [column.is_not(None) for column in (api_keys.c.rate_per_second, api_keys.c.burst, api_keys.c.monthly_quota)]
    return (
        sa.select(
            api_keys.c.key_id,
            api_keys.c.quota_month.label("month"),
            sa.case((is_nearer, rate_limit_template.c.monthly_quota), else_=own_quota).label("quota"),
            sa.case((is_nearer, used_by_account), else_=api_keys.c.quota_used).label("used"),
        )
        .join(rate_limit_template, rate_limit_template.c.tier == api_keys.c.tier)
        .join(of_account, sa.true())
        .where(
            api_keys.c.key_id == sa.any_(sa.bindparam("key_ids", list(key_ids), sa.ARRAY(sa.Integer))),
            api_keys.c.quota_month == month,
            sa.or_(rate_limit_template.c.unlimited.is_(False), api_keys.c.kind == Kind.URL.value, *own_limits),
        )
    )


async def alerts(tx: AsyncConnection, wanted: AlertFilter) -> Sequence[ListedAlert]:
    """Return alerts, the newest first."""
    statement = (
        sa.select(*_ALERT, api_keys.c.public_id, api_keys.c.name, api_keys.c.tier)
        .join(api_keys, api_keys.c.key_id == quota_alerts.c.key_id)
        .order_by(quota_alerts.c.alert_id.desc())
        .limit(wanted.limit)
    )
    if wanted.public_id is not None:
        statement = statement.where(api_keys.c.public_id == wanted.public_id)
    if wanted.month is not None:
        statement = statement.where(quota_alerts.c.month == wanted.month)
    if wanted.before is not None:
        statement = statement.where(quota_alerts.c.alert_id < wanted.before)
    return [_listed(dict(row._mapping)) for row in await tx.execute(statement)]


def _listed(fields: dict[str, Any]) -> ListedAlert:
    public_id, name, tier = (fields.pop(column) for column in ("public_id", "name", "tier"))
    return ListedAlert(QuotaAlert(**fields), public_id, name, tier)
