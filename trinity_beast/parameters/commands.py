"""`beast params`, `beast profiles`, `beast mode`, `beast force-deploy`: what a running node goes by, looked at and turned."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from trinity_beast.errors import TrinityError
from trinity_beast.parameters.shown import (
    differences_table,
    history_table,
    nodes_table,
    one_parameter,
    parameters_table,
    profiles_table,
    shown,
)
from trinity_beast.web import AdminKey, AsJson, DataDir, Desk, NodeDesk, NodeOf, Operator, Reason, Url, print_json

Expected = Annotated[
    int | None, typer.Option("--expected-version", help="Refuse if somebody has changed parameters since they were at this version.")
]

DEFAULT = "default"


def params_app(node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `params` verbs. `node_of` says which node is meant, `tell` puts a refusal into words."""
    app = typer.Typer(name="params", help="Look at and turn what nodes go by while they run.", no_args_is_help=True)
    desk = NodeDesk(tell, node_of)
    _add_looking(app, desk)
    _add_past(app, desk)
    _add_turning(app, desk)
    return app


def _add_looking(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(name="list", epilog="Example: beast params list --group pricing")
    def listed(
        *,
        group: Annotated[str, typer.Option(help="Only this group's.")] = "",
        only_set: Annotated[bool, typer.Option("--set", help="Only those that are not at their default.")] = False,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """List parameters: what each is at (bold where it is set), its default, its range, and what it does."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/parameters", group=group))
        found = [one for one in told["parameters"] if one["is_set"] or not only_set]
        if as_json:
            print_json({**told, "parameters": found})
        elif found:
            desk.table(parameters_table(sorted(found, key=lambda one: (one["group"], one["name"])), desk.width))
            desk.say(f"{len(found)} parameters, version {told['version']}{_of_profile(told['profile'])}.")
        else:
            desk.say("Every parameter is at its default." if only_set else f"There is no group called {group}.")

    @app.command(epilog="Example: beast params get stale_after_seconds")
    def get(
        name: Annotated[str, typer.Argument(metavar="NAME")],
        *,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell all there is to say of a parameter."""
        node = desk.node(data_dir, url, admin_key)
        found = _known(desk, desk.ask(lambda: node.get("/admin/parameters"))["parameters"], name)
        if as_json:
            print_json(found)
        else:
            desk.table(one_parameter(found))


def _add_past(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(epilog="Example: beast params history stale_after_seconds")
    def history(
        name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this parameter's.")] = None,
        *,
        limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many changes at most.")] = 50,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell what was changed, newest first: from what to what, when, by whom and why."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/parameters/history", name=name, limit=limit))
        if as_json:
            print_json(told)
        elif told["changes"]:
            desk.table(history_table(told["changes"], desk.width))
        else:
            desk.say("Nothing was ever changed.")

    @app.command(epilog="Example: beast params diff 12 15")
    def diff(
        before: Annotated[int, typer.Argument(min=0, metavar="[BEFORE]", help="A version; 0 is the defaults.")] = 0,
        after: Annotated[int | None, typer.Argument(min=0, metavar="[AFTER]", help="Another; else what is stored now.")] = None,
        *,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell what differs between two versions: alone, between the defaults and what is stored now."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/parameters/diff", before=before, after=after))
        if as_json:
            print_json(told)
        else:
            _tell_differences(desk, told["differences"], _version(told["before"]), _version(told["after"]))

    @app.command(epilog="Example: beast params nodes")
    def nodes(
        *, data_dir: DataDir = None, url: Url = "", admin_key: AdminKey = "", as_json: AsJson = False
    ) -> None:  # fmt: skip
        """Tell which version each node has confirmed to run."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/parameters/nodes"))
        if as_json:
            print_json(told)
        else:
            desk.table(nodes_table(told["nodes"], max([each["version"] for each in told["nodes"]], default=0)))


def _add_turning(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(name="set", epilog="Example: beast params set stale_after_seconds=60 liveness_gaps=3 --reason 'thin market'")
    def turn(
        values: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help=f"{DEFAULT} puts a parameter back to its default.")],
        *,
        reason: Reason = "",
        expected_version: Expected = None,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Set parameters, all of them or none. In force on every node within a second."""
        node = desk.node(data_dir, url, admin_key, operator)
        known = desk.ask(lambda: node.get("/admin/parameters"))["parameters"]
        body = {"values": _read(desk, known, values), "reason": reason, "expected_version": expected_version}
        applied = desk.ask(lambda: node.post("/admin/parameters/save", body))
        _tell_applied(desk, applied, as_json=as_json)

    @app.command(epilog="Example: beast params reload")
    def reload(
        *, data_dir: DataDir = None, url: Url = "", admin_key: AdminKey = "", as_json: AsJson = False
    ) -> None:  # fmt: skip
        """Have one node look at what is stored now."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.post("/admin/reload-params", {}))
        if as_json:
            print_json(told)
        desk.say(f"The node runs version {told['version']}.")


def profiles_app(node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `profiles` verbs."""
    app = typer.Typer(name="profiles", help="Look at, compare and save sets of parameters. `beast mode` applies one.", no_args_is_help=True)
    desk = NodeDesk(tell, node_of)

    @app.command(name="list", epilog="Example: beast profiles list")
    def listed(
        *, data_dir: DataDir = None, url: Url = "", admin_key: AdminKey = "", as_json: AsJson = False
    ) -> None:  # fmt: skip
        """List every profile; the one in force is marked."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/profiles"))
        if as_json:
            print_json(told)
        else:
            desk.table(profiles_table(told["profiles"], told["profile"]))

    @app.command(epilog="Example: beast profiles show stress")
    def show(
        profile: Annotated[str, typer.Argument(metavar="PROFILE")],
        *,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell what a profile sets, and what would change if it were applied now."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/system-mode", mode=profile, preview="true"))
        found = next(one for one in desk.ask(lambda: node.get("/admin/profiles"))["profiles"] if one["profile"] == profile)
        if as_json:
            print_json({**found, "differences": told["differences"]})
            return
        desk.say(found["description"])
        for name, value in sorted(found["values"].items()):
            desk.say(f"  {name}={shown(value)}")
        _tell_differences(desk, told["differences"], "now", profile)

    @app.command(epilog="Example: beast profiles compare stress fresh-price")
    def compare(
        one: Annotated[str, typer.Argument(metavar="ONE")],
        other: Annotated[str, typer.Argument(metavar="[OTHER]", help="Another; else what is in force.")] = "",
        *,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell how two profiles differ, or one from what is in force."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/profiles/compare", one=one, other=other))
        if as_json:
            print_json(told)
        else:
            _tell_differences(desk, told["differences"], one, other or "now")

    @app.command(epilog="Example: beast profiles save night --description 'When nobody looks'")
    def save(
        profile: Annotated[str, typer.Argument(metavar="PROFILE", help="Words of a-z and 0-9 joined by -.")],
        *,
        description: Annotated[str, typer.Option(help="What it is for.")],
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Save what is in force as a profile, new or changed."""
        node = desk.node(data_dir, url, admin_key, operator)
        told = desk.ask(lambda: node.post("/admin/profiles/save", {"profile": profile, "description": description}))
        if as_json:
            print_json(told)
        desk.say(f"{profile} holds {len(told['values'])} values.")

    return app


def mode_verbs(app: typer.Typer, node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> None:
    """Add `mode` and `force-deploy`."""
    desk = NodeDesk(tell, node_of)

    @app.command(epilog="Example: beast mode stress --preview")
    def mode(
        profile: Annotated[str, typer.Argument(metavar="[PROFILE]", help="`previous` takes the last change back.")] = "",
        *,
        preview: Annotated[bool, typer.Option("--preview", help="Only tell what would change.")] = False,
        reason: Reason = "",
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Apply a profile on every node at once; alone, tell which is in force."""
        node = desk.node(data_dir, url, admin_key, operator)
        if not profile:
            told = desk.ask(lambda: node.get("/admin/system-mode"))
            if as_json:
                print_json(told)
            else:
                desk.table(profiles_table(told["profiles"], told["profile"]))
        elif preview:
            told = desk.ask(lambda: node.get("/admin/system-mode", mode=profile, preview="true"))
            if as_json:
                print_json(told)
            else:
                _tell_differences(desk, told["differences"], "now", profile)
        else:
            applied = desk.ask(lambda: node.post("/admin/system-mode", {"mode": profile, "reason": reason}))
            _tell_applied(desk, applied, as_json=as_json)

    @app.command(name="force-deploy", epilog="Example: beast force-deploy")
    def force_deploy(
        *,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Have every node look at what is stored now, and tell which version each has confirmed. Ends with 1 if one has not."""
        node = desk.node(data_dir, url, admin_key, operator)
        told = desk.ask(lambda: node.post("/admin/force-deploy-params", {}), "Deploying")
        if as_json:
            print_json(told)
        else:
            desk.table(nodes_table(told["nodes"], told["version"]))
            all_ms = "not all of them" if told["all_ms"] is None else f"all in {told['all_ms']:.1f} ms"
            desk.say(f"Version {told['version']}: this node in {told['own_ms']:.1f} ms, {all_ms}.")
        if told["behind"]:
            desk.say(f"Not confirmed: {', '.join(told['behind'])}.", style="red")
            raise typer.Exit(1)


def _known(desk: Desk, parameters: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    for one in parameters:
        if one["name"] == name:
            return one
    desk.say(f"There is no parameter called {name}; `beast params list` shows every one.", style="red")
    raise typer.Exit(1)


def _read(desk: Desk, parameters: Sequence[Mapping[str, Any]], words: Sequence[str]) -> dict[str, object]:
    """Return what was written, each as its parameter's kind; what cannot be read so the node is left to refuse with the reason."""
    values: dict[str, object] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign:
            raise typer.BadParameter(f"{word}: write NAME=VALUE")
        kind = _known(desk, parameters, name)["kind"]
        values[name] = None if text == DEFAULT else _value_of(kind, text)
    return values


def _value_of(kind: str, text: str) -> object:
    if kind == "bool":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind == "str":
        return "" if text == '""' else text
    try:
        return int(text) if kind == "int" else float(text)
    except ValueError:
        return text


def _tell_applied(desk: Desk, applied: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(applied)
    elif applied["differences"]:
        desk.table(differences_table(applied["differences"], "before", "now"))
    desk.say(f"Version {applied['version']}{_of_profile(applied['profile'])} is in force; every node runs it within a second.")


def _tell_differences(desk: Desk, differences: Sequence[Mapping[str, Any]], before: str, after: str) -> None:
    if differences:
        desk.table(differences_table(differences, before, after))
    else:
        desk.say("Nothing differs.")


def _of_profile(profile: str) -> str:
    return f", profile {profile}" if profile else ""


def _version(version: int) -> str:
    return f"version {version}" if version else "defaults"
