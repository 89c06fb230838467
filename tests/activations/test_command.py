"""The command: what goes together, what is printed, one line for what is wrong."""

from pathlib import Path

import pytest

from damage import ERROR
from generators.activations.__main__ import main
from tiny_models import save_model


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Returns the status, and the one line on standard error."""
    status = main([str(each) for each in arguments])
    error = capsys.readouterr().err
    assert status == 0 or (ERROR.match(error.removesuffix("\n")) and error.count("\n") == 1), error
    return status, error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to read; expected FOLDER, or --pair"),
        (["--first", "a"], "one of them; expected both"),
        (["--pair", "a", "b", "--steer"], "no FOLDER; expected FOLDER beside it"),
        (["--pair", "a", "b", "--network"], "no FOLDER; expected FOLDER beside it"),
        (["--pair", "a", "b", "--config", "x"], "--config: no FOLDER"),
        (["--pair", "a", "b", "--source-model", "x"], "--source-model: no --patch"),
        (["--pair", "a", "b", "--layer", "1"], "--layer: no --steer"),
        (["folder", "--near", "x"], "--near: no --network"),
        (["--pair", "a", "b", "--behaviors", "x"], "--behaviors: no FOLDER"),
        (["folder", "--out", "x"], "--out: a file; expected none"),
        (["folder", "--patch", "--steer"], "more than one; expected one of --patch, --steer"),
        (["folder", "--pair", "a", "b"], "--pair beside FOLDER"),
        (["--pair", "a", "b", "--model", "n"], "2 models; expected one"),
        (["--pair", "", "b"], "--pair: an empty text; expected two texts"),
        (["--pair", "a", ""], "--pair: an empty text; expected two texts"),
        (["--pair", "a", "a", "--patch"], "--pair: the same text twice"),
    ],
)
def test_options_that_do_not_go_together(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, error = run(capsys, *arguments, "--model", "m")
    assert status == 2
    assert said in error


def test_files_are_looked_at_before_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"text": "a"}\n{"other": "b"}\n', encoding="utf-8")
    missing = tmp_path / "missing.txt"
    for first, said in ((texts, "line 2: none of these fields"), (missing, "No such file")):
        status, error = run(capsys, "--first", first, "--second", texts, "--model", "no-model")
        assert status == 1
        assert said in error
    status, error = run(capsys, "--pair", "a", "b", "--model", "m", "--out", tmp_path)
    assert status == 2
    assert "not an ordinary file" in error
    status, error = run(capsys, tmp_path, "--config", "contrastive", "--model", "m")
    assert status == 1


def test_two_sets_of_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    folder = save_model("gpt2", tmp_path / "model")
    first, second, out = (tmp_path / name for name in ("a.txt", "b.jsonl", "sets.json"))
    first.write_text("A dog ran.\n\nA cat sat.\n", encoding="utf-8")
    second.write_text(
        '{"text": "Rain fell."}\n{"prompt": "It was", "completion": "dry."}\n', encoding="utf-8"
    )
    arguments = ["--first", first, "--second", second, "--model", folder, "--out", out]
    assert main([*map(str, arguments)]) == 0
    said = capsys.readouterr().out
    assert "2 texts of" in said
    assert "components are beyond chance" in said
    from schemas.interventions import SetsDifference

    found = SetsDifference.model_validate_json(out.read_text(encoding="utf-8"))
    assert found.texts == (2, 2)
    assert len(found.components) == 9 + 3 * 4
    assert out.with_name("sets.largest.svg").is_file()


def test_two_prompts_are_patched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    folder = save_model("llama", tmp_path / "model")
    other = save_model("llama", tmp_path / "other", seed=1)
    pair = ["--pair", "A dog ran", "A cat ran", "--patch", "--model", folder]
    assert main([*map(str, pair), "--out", str(tmp_path / "patch.json")]) == 0
    assert "Patched the two prompts" in capsys.readouterr().out
    assert (tmp_path / "patch.patch.svg").is_file()
    assert main([*map(str, pair), "--source-model", str(other)]) == 0
    assert "other into model" in capsys.readouterr().out
    status, error = run(capsys, *pair[:2], "A long dog ran", *pair[3:])
    assert status == 2
    assert "expected two texts of as many tokens" in error
