"""The files that bring nodes up elsewhere, as far as they can be judged where no container engine runs."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # Its stubs are a package of their own.

from trinity_beast.settings import read_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = ("compose.yaml", "compose.cluster.yaml")
INSTRUCTIONS = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "VOLUME", "ENV", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
GIVEN = {"POSTGRES_PASSWORD": "p", "BEAST_SERVER_SECRET": "5e" * 32, "ADMIN_KEY": "a" * 24}
SERVICE_KEYS = {
    "build", "image", "init", "restart", "stop_grace_period", "environment", "ports", "ulimits", "sysctls", "volumes", "depends_on",
    "command", "healthcheck", "cpu_shares",
}  # fmt: skip


def composed(name: str) -> dict[str, Any]:
    """A compose file with its variables filled in, as an engine does before it reads it."""
    text = (DEPLOY / name).read_text()
    filled = re.sub(r"\$\{(\w+)(?::?[-?]([^}]*))?\}", lambda found: GIVEN.get(found[1], found[2] or ""), text)
    return dict(yaml.safe_load(filled))


def nodes(name: str) -> dict[str, dict[str, Any]]:
    return {key: each for key, each in composed(name)["services"].items() if "2679" in str(each.get("ports"))}


@pytest.mark.parametrize("name", COMPOSE)
def test_every_service_has_only_words_a_compose_file_knows_and_names_only_what_is_there(name: str) -> None:
    told = composed(name)

    for service in told["services"].values():
        assert set(service) <= SERVICE_KEYS
        assert set(service.get("depends_on", {})) <= set(told["services"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in told["volumes"] or (DEPLOY / source).exists(), source
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists()
    for service in told["services"].values():
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in told["services"][needed]


@pytest.mark.parametrize("name", COMPOSE)
def test_every_nodes_settings_are_settings_a_node_reads(name: str) -> None:
    for node in nodes(name).values():
        environment = {key: str(value) for key, value in node["environment"].items()}
        settings = read_settings(environment={**environment, "BEAST_DATA_DIR": "/data", "BEAST_BIND": "0.0.0.0"})  # noqa: S104 - Not bound.
        assert settings.node == environment["CLUSTER_NODE"]
        unknown = set(environment) - {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
        for key in unknown:
            assert read_settings(environment={key: environment[key]}) is not None
        for port in node["ports"]:
            assert re.fullmatch(r"127\.0\.0\.1:\d+:(8080|8081|9090|9091)/tcp|127\.0\.0\.1:\d+:(2679|2680)/udp", port), port


def test_three_nodes_share_all_that_must_be_one_and_nothing_else() -> None:
    cluster = nodes("compose.cluster.yaml")

    for shared in ("DATABASE_URL", "CACHE_URL", "QUEUE_URL", "BEAST_SERVER_SECRET", "ADMIN_KEY"):
        assert len({node["environment"][shared] for node in cluster.values()}) == 1
    assert len(cluster) == len({node["environment"]["CLUSTER_NODE"] for node in cluster.values()}) == 3
    assert len({volume for node in cluster.values() for volume in node["volumes"]}) == 3
    ports = [port.rsplit(":", 1)[0] + port[-3:] for node in cluster.values() for port in node["ports"]]
    assert len(ports) == len(set(ports))
    assert "nodes_expected=3" in cluster["one"]["environment"]["BEAST_PARAMETERS"]


def test_what_goes_into_the_queue_is_taken_out_of_it() -> None:
    services = composed("compose.cluster.yaml")["services"]

    assert services["writer"]["command"] == ["writer"]
    assert services["writer"]["environment"]["QUEUE_URL"] == services["one"]["environment"]["QUEUE_URL"]


def test_where_processors_are_short_prices_go_before_what_stores_usage() -> None:
    services = composed("compose.cluster.yaml")["services"]
    ordinary_shares, ordinary_weight = 1_024, 100

    assert {service.get("cpu_shares", ordinary_shares) > ordinary_shares for service in nodes("compose.cluster.yaml").values()} == {True}
    assert {services[name].get("cpu_shares", ordinary_shares) for name in ("postgres", "writer")} == {ordinary_shares}
    weight = re.search(r"^CPUWeight=(\d+)$", (DEPLOY / "trinity-beast.service").read_text(), re.MULTILINE)
    assert weight is not None
    assert int(weight[1]) > ordinary_weight


def test_secrets_are_asked_for_and_stand_nowhere() -> None:
    example = (DEPLOY / "cluster.env.example").read_text()

    for name in GIVEN:
        assert f"${{{name}:?" in (DEPLOY / "compose.cluster.yaml").read_text()
        assert re.search(rf"^{name}=$", example, re.MULTILINE)
    assert "/deploy/cluster.env" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_container_file_copies_what_is_there_and_runs_as_nobody_of_note() -> None:
    text = re.sub(r"\\\n", " ", (DEPLOY / "Containerfile").read_text())
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip() and not line.startswith("#")]

    assert {word for word, *_ in lines} <= INSTRUCTIONS
    copied = [part for word, rest in lines if word == "COPY" and "--from" not in rest for part in rest.split()[:-1]]
    assert copied
    assert all((ROOT / part).exists() for part in copied), copied
    assert [rest for word, rest in lines if word == "USER"] == ["beast"]
    assert ["ENTRYPOINT", '["beast"]'] in lines
    assert all("--require-hashes" in rest or "--no-deps" in rest for word, rest in lines if word == "RUN" and "pip install" in rest)


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = (DEPLOY / "trinity-beast.service").read_text()
    keys = [line.partition("=")[0] for line in unit.splitlines() if "=" in line and not line.startswith("#")]
    assert {"User", "ExecStart", "KillMode", "LimitNOFILE", "Restart", "NoNewPrivileges"} <= set(keys)
    assert len(keys) - keys.count("Environment") == len(set(keys)) - ("Environment" in keys)
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here to ask")
    # Its program, its page and its user are not on this machine; nothing else of it may be wrong.
    here = unit.replace("/opt/trinity-beast/.venv/bin/beast", "/bin/true").replace("User=trinity-beast", "User=root")
    (tmp_path / "trinity-beast.service").write_text(here.replace("Group=trinity-beast", "Group=root"))
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "trinity-beast.service")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "trinity-beast.service" not in told.stderr, told.stderr
