import tomllib

from tests.fuzz.targets import CRATE, python_targets


def test_every_target_of_the_crate_has_a_source_and_hand_written_seeds() -> None:
    named = {target["name"] for target in tomllib.loads((CRATE / "Cargo.toml").read_text(encoding="utf-8"))["bin"]}

    assert named == {source.stem for source in (CRATE / "targets").glob("*.rs")}
    assert named == {folder.name for folder in (CRATE / "corpus").iterdir()}
    for folder in (CRATE / "corpus").iterdir():
        assert len(list(folder.iterdir())) >= 20, f"{folder.name} has hardly a seed"


def test_findings_go_to_folders_that_are_not_committed() -> None:
    ignored = (CRATE.parents[1] / ".gitignore").read_text(encoding="utf-8").splitlines()

    assert {"/engine/fuzz/target/", "/engine/fuzz/artifacts/"} <= set(ignored)
    for target in python_targets():
        assert target.found.is_relative_to(CRATE / "target")
        assert target.artifacts.is_relative_to(CRATE / "artifacts")
