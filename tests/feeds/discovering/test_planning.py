"""What a sync would change, reckoned before it does."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.auditing import AuditedAsset, Finding, Layer, Outcome, Proposal, ProposalKind
from trinity_beast.feeds.auditing.layers import ListSeen
from trinity_beast.feeds.discovering import Candidate, ChangeKind, Plan
from trinity_beast.feeds.discovering.planning import Key, plan_of_audit, plan_of_list
from trinity_beast.feeds.editing import MapRow
from trinity_beast.feeds.rest import Product, Products
from trinity_beast.words import Asset, Symbol, Venue

GONE, MUTED = Finding(Layer.LISTED, Outcome.FAILED, "not_listed"), Finding(Layer.DELIVERS, Outcome.FAILED, "muted")
NOTHING = Proposal(ProposalKind.NONE, "nobody has it")
KRAKEN = Venue("kraken")


def row(asset: str, venue: str = "kraken", *, symbol: str = "", number: int = 1, **more: object) -> MapRow:
    made = MapRow(number, asset, venue, symbol or f"{asset}/USD", "USD", enabled=True, prewarm=True, category="chain", version=3)
    return replace(made, **more)  # type: ignore[arg-type]


def keyed(*rows: MapRow) -> dict[Key, MapRow]:
    return {(one.asset, one.venue): one for one in rows}


def broken(asset: str, proposal: Proposal | None, *, finding: Finding = GONE, symbol: str = "") -> AuditedAsset:
    findings = (finding,) if proposal is not None else ()
    return AuditedAsset(Asset(asset), KRAKEN, Symbol(symbol or f"{asset}/USD"), "USD", True, findings, proposal)


def of_audit(
    audited: Sequence[AuditedAsset], rows: dict[Key, MapRow], accepted: frozenset[Key] | None = None, *, retire: bool = False
) -> Plan:
    return plan_of_audit(audited, rows, accepted=accepted, retire=retire)


def told(plan: Plan) -> list[tuple[str, str, str, str, bool, bool]]:
    return [
        (one.kind.value, one.after.asset, one.after.venue, one.after.symbol, one.after.enabled, one.after.prewarm) for one in plan.changes
    ]


def test_a_rename_changes_the_symbol_and_nothing_else() -> None:
    plan = of_audit([broken("NANO", Proposal(ProposalKind.RENAME, "why", "kraken", "XNO/USD", "USD"))], keyed(row("NANO")))
    (change,) = plan.changes
    assert told(plan) == [("rename", "NANO", "kraken", "XNO/USD", True, True)]
    assert (change.after.category, change.after.expected_version, change.before) == ("chain", 3, row("NANO"))


def test_a_move_adds_the_new_row_or_switches_it_on_and_the_old_one_off() -> None:
    offered = Proposal(ProposalKind.MOVE, "why", "okx", "ADA-USDT", "USDT")
    assert told(of_audit([broken("ADA", offered)], keyed(row("ADA")))) == [
        ("switch_off", "ADA", "kraken", "ADA/USD", False, True),
        ("add", "ADA", "okx", "ADA-USDT", True, True),
    ]
    there = row("ADA", "okx", symbol="ADA-USDT", enabled=False, prewarm=False)
    assert told(of_audit([broken("ADA", offered)], keyed(row("ADA"), there)))[1] == ("switch_on", "ADA", "okx", "ADA-USDT", True, True)
    on = replace(there, enabled=True, prewarm=True)
    assert told(of_audit([broken("ADA", offered)], keyed(row("ADA"), on))) == [("switch_off", "ADA", "kraken", "ADA/USD", False, True)]


def test_what_has_no_replacement_is_left_alone_unless_it_is_to_be_retired_and_is_gone() -> None:
    audited = [broken("ADA", NOTHING), broken("SC", NOTHING, finding=MUTED)]
    plan = of_audit(audited, keyed(row("ADA"), row("SC")))
    assert (plan.changes, [one.asset for one in plan.left]) == ((), ["ADA", "SC"])
    plan = of_audit(audited, keyed(row("ADA"), row("SC")), retire=True)
    assert told(plan) == [("switch_off", "ADA", "kraken", "ADA/USD", False, True)]
    assert [one.asset for one in plan.left] == ["SC"]


def test_a_row_somebody_has_changed_or_removed_since_the_audit_is_left_alone() -> None:
    offered = Proposal(ProposalKind.RENAME, "why", "kraken", "XNO/USD", "USD")
    plan = of_audit([broken("NANO", offered), broken("ADA", offered)], keyed(row("NANO", symbol="XNO/EUR")))
    assert plan.changes == ()
    assert {one.why for one in plan.left} == {"it was changed since the audit"}


def test_only_what_is_accepted_is_changed_and_what_cannot_be_is_told() -> None:
    offered = Proposal(ProposalKind.RENAME, "why", "kraken", "X/USD", "USD")
    audited = [broken("ADA", offered), broken("SC", offered), broken("BTC", None)]
    plan = of_audit(audited, keyed(row("ADA"), row("SC"), row("BTC")), frozenset([("SC", "kraken"), ("BTC", "kraken"), ("NOPE", "kraken")]))
    assert [one.after.asset for one in plan.changes] == ["SC"]
    assert {one.asset: one.why for one in plan.left} == {
        "BTC": "the audit found nothing broken in it", "NOPE": "the audit did not look at it",
    }  # fmt: skip


def listing(*products: Product) -> ListSeen:
    return ListSeen(Products(products))


def test_a_list_renames_what_it_calls_otherwise_and_adds_what_was_chosen() -> None:
    seen = listing(
        Product(Symbol("BTC/USD"), "BTC", "USD", is_alive=True, names=("XBT/USD",)),
        Product(Symbol("SC/USD"), "SC", "USD", is_alive=False),
    )
    rows = keyed(
        row("BTC", symbol="XBT/USD"), row("SC"), row("ADA", enabled=False), row("BTC", "okx", symbol="BTC-USDT"), row("SOL", "okx")
    )
    chosen = Candidate(Asset("SOL"), Symbol("SOL/USD"), "USD", None, "USD", None, None, 1, ())
    plan = plan_of_list(KRAKEN, seen, rows, [chosen], prewarm=True, retire=False)
    assert told(plan) == [("rename", "BTC", "kraken", "BTC/USD", True, True), ("add", "SOL", "kraken", "SOL/USD", True, True)]
    assert plan.changes[1].after.category == "chain"
    assert [one.asset for one in plan.left] == ["SC"], "what is switched off already is nobody's business"
    retired = plan_of_list(KRAKEN, seen, rows, [], prewarm=False, retire=True)
    assert ("switch_off", "SC", "kraken", "SC/USD", False, True) in told(retired)


KINDS = st.sampled_from(ProposalKind)
ASSETS = ["A", "B", "C"]


@given(
    st.lists(st.tuples(st.sampled_from(ASSETS), KINDS, st.sampled_from(["kraken", "okx"])), max_size=6, unique_by=lambda one: one[0]),
    st.lists(st.tuples(st.sampled_from(ASSETS), st.sampled_from(["kraken", "okx"])), max_size=6, unique=True),
    st.booleans(),
)
def test_no_plan_deletes_a_row_or_changes_one_twice_and_the_same_wish_has_the_same_digest(
    offered: list[tuple[str, ProposalKind, str]], there: list[tuple[str, str]], retire: bool
) -> None:
    audited = [broken(asset, Proposal(kind, "why", venue, f"{asset}-NEW", "USD")) for asset, kind, venue in offered]
    rows = keyed(*(row(asset, venue) for asset, venue in there))
    plan = of_audit(audited, rows, retire=retire)
    keys = [(change.after.asset, change.after.venue) for change in plan.changes]
    assert len(set(keys)) == len(keys)
    for change in plan.changes:
        before = rows.get((change.after.asset, change.after.venue))
        assert change.before == before
        assert change.after.expected_version == (0 if before is None else before.version)
        assert (change.kind is ChangeKind.ADD) == (before is None)
        assert change.after.enabled or change.kind is ChangeKind.SWITCH_OFF
    assert of_audit(list(reversed(audited)), rows, retire=retire).digest == plan.digest
    changed = {key: replace(one, version=one.version + 1) for key, one in rows.items()}
    again = of_audit(audited, changed, retire=retire)
    assert (again.digest == plan.digest) == all(change.before is None for change in plan.changes)
