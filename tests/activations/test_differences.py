"""Which tokens of two prompts face each other, and what `--pair` says of them."""

import json
from pathlib import Path

import numpy as np
import pytest

from generators.activations.differences import compare_tokens, count_shared, list_largest
from generators.activations.sites import Encoded


def encode(text: str) -> Encoded:
    """Every word is a token."""
    words = text.split()
    ids = np.array([sum(map(ord, word)) for word in words], np.int64)
    return Encoded(ids, tuple((0, 0) for _ in words), tuple(words))


def label(first: str, second: str) -> tuple[list[str], int]:
    found = compare_tokens(encode(first), encode(second))
    return [each.label for each in found.places], found.differing


def test_tokens_face_each_other() -> None:
    assert label("the dog ran off", "the cat ran off") == (["'dog' / 'cat'", "'ran'", "'off'"], 1)
    assert label("a big dog ran", "a cat ran") == (["'bigdog' / 'cat'", "'ran'"], 1)
    # An insertion has nothing that faces it: what follows is compared.
    assert label("a dog ran", "a dog once ran") == (["'ran'"], 0)
    # Where one only goes on, the ends are.
    assert label("a dog", "a dog ran") == (["'dog' / 'ran'"], 1)
    assert label("a b c a", "x b c a")[0] == ["'a' / 'x'", "'b'", "'c'", "'a'"]
    assert label("x a a", "y a a")[0] == ["'x' / 'y'", "'a'", "'a' #2"]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [("abc", "abd", (2, 0)), ("abc", "xbc", (0, 2)), ("aa", "aaa", (2, 0)), ("a", "b", (0, 0))],
)
def test_a_token_is_shared_once(one: str, other: str, shared: tuple[int, int]) -> None:
    ids = [np.array([ord(each) for each in text], np.int64) for text in (one, other)]
    assert count_shared(*ids) == shared


def test_the_largest_comes_first() -> None:
    sizes = {"attention": np.array([[0.1, 0.1], [0.5, 0.9]], np.float32)}
    first, second = list_largest(sizes, slice(0, 2))  # type: ignore[arg-type]
    assert (first.layer, first.place, second.layer) == (1, 1, 0)
    assert first.mean == pytest.approx(0.7)
    assert first.largest == pytest.approx(0.9)


def test_two_prompts_in_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from safetensors.numpy import load_file

    from generators.activations.__main__ import main
    from generators.activations.pair import compare_pair
    from generators.activations.reader import open_model
    from tiny_models import save_model

    folder = save_model("gpt_neox", tmp_path / "model")
    model = open_model(str(folder), "cpu")
    found = compare_pair(model, "A dog ran off", "A log ran off")
    assert found.summary.compared[0] == "'d' / 'l'"
    assert found.summary.differing == 1
    assert found.sizes["residual"].shape == (3, 11)
    assert found.sizes["head"].shape == (3, 4, 11)
    ids = [
        torch.tensor(model.encode(text).ids)[None] for text in ("A dog ran off", "A log ran off")
    ]
    with torch.no_grad():
        states = [
            model._loaded.model(each, output_hidden_states=True).hidden_states[1][0].numpy()
            for each in ids
        ]
    place = found.summary.tokens[0] - 11
    norms = [np.linalg.norm(each[place]) for each in states]
    wanted = np.linalg.norm(states[0][place] - states[1][place]) / np.mean(norms)
    assert found.sizes["residual"][0, 0] == pytest.approx(wanted, rel=1e-4)

    out = tmp_path / "pair.json"
    arguments = ["--pair", "A dog ran off", "A log ran off", "--model", str(folder)]
    assert main([*arguments, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert " changes most: 0." in said or " changes most: 1." in said
    assert "After that: Layer " in said
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["model"]["sha256"] == model.sha256
    assert (tmp_path / "pair.pair.svg").read_text(encoding="utf-8").startswith("<?xml")
    kept = load_file(tmp_path / "pair.safetensors")
    np.testing.assert_array_equal(kept["attention"], found.differences["attention"])
