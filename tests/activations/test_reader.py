"""Reading tiny models of every type: against transformers' states, and a forward by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generators.activations.sites import Edit, Site
from generators.activations.states import Passage
from generators.errors import ActivationError
from tiny_models import KINDS, save_model

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from generators.activations.reader import ModelReader, open_model  # noqa: E402

PASSAGES = [
    Passage("A door stands open.", " Go in."),
    Passage("A door stands open.", " Close it, and leave."),
    Passage("Rain.", " Wait."),
    Passage("", "Nothing comes before this."),
    Passage("A door stands open.", " Go in."),
]
COMPONENTS: Any = ("residual", "attention", "mlp", "head")


@pytest.fixture(scope="module", params=KINDS)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelReader:
    bos = request.param != "gpt2"  # GPT-2 begins no text with a token of its own
    folder = save_model(request.param, tmp_path_factory.mktemp(request.param), bos=bos)
    return open_model(str(folder), "cpu")


def encode(reader: ModelReader, passage: Passage) -> tuple[Any, int]:
    """Returns all tokens of a passage, and how many come before its completion."""
    before = list(reader.encode(passage.prompt).ids) if passage.prompt else []
    if not before:
        whole = reader.encode(passage.completion).ids
        return whole, len(whole) - len(reader.encode_rest(passage.completion, 0))
    return np.array([*before, *reader.encode_rest(passage.completion, len(before))]), len(before)


def test_states_are_those_of_transformers(reader: ModelReader) -> None:
    """Each text whole and by itself, without a cache; the last state of all is after the norm."""
    found = reader.capture(PASSAGES, COMPONENTS)
    model = reader._loaded.model
    for row, passage in enumerate(PASSAGES):
        ids, start = encode(reader, passage)
        with torch.no_grad():
            output = model(torch.tensor(ids)[None], output_hidden_states=True)
        hidden = torch.stack(output.hidden_states[1:]).squeeze(1).numpy()
        assert found.tokens[row] == len(ids) - start
        mean, last = hidden[:, start:].mean(1), hidden[:, -1]
        residual = found.states["residual", "mean"][row]
        np.testing.assert_allclose(residual[:-1], mean[:-1], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            found.states["residual", "last"][row, :-1], last[:-1], rtol=1e-4, atol=1e-5
        )
        assert not np.allclose(found.states["residual", "last"][row, -1], last[-1], atol=1e-2)
        normed = model.base_model.norm if hasattr(model.base_model, "norm") else None
        normed = (
            normed or getattr(model.base_model, "ln_f", None) or model.base_model.final_layer_norm
        )
        with torch.no_grad():
            ended = normed(torch.from_numpy(found.states["residual", "last"][row, -1])).numpy()
        np.testing.assert_allclose(ended, last[-1], rtol=1e-4, atol=1e-5)


def test_parts_add_up_to_the_residual_stream(reader: ModelReader) -> None:
    found = reader.capture(PASSAGES, COMPONENTS).states
    for place in ("mean", "last"):
        residual = found["residual", place]
        added = found["attention", place] + found["mlp", place]
        np.testing.assert_allclose(np.diff(residual, axis=1), added[:, 1:], rtol=1e-3, atol=1e-4)
        heads = found["head", place]
        assert heads.shape == (len(PASSAGES), 3, 4, 32)
        bias = found["attention", place] - heads.sum(2)
        # What is left is the bias of the projection: the same for every text.
        np.testing.assert_allclose(bias, np.broadcast_to(bias[:1], bias.shape), atol=1e-4)


def test_equal_passages_and_other_batches_give_equal_states(reader: ModelReader) -> None:
    found = reader.capture(PASSAGES).states["residual", "mean"]
    np.testing.assert_array_equal(found[0], found[4])
    alone = np.concatenate([reader.capture([each]).states["residual", "mean"] for each in PASSAGES])
    np.testing.assert_allclose(found, alone, rtol=1e-4, atol=1e-5)


def test_what_fills_up_a_prompt_takes_no_place_in_a_window(tmp_path: Path) -> None:
    """Attention reaches 16 tokens back here, as it reaches 512 in Gemma."""
    reader = open_model(str(save_model("mistral", tmp_path, window=16)), "cpu")
    passages = [Passage(prompt, " Go.") for prompt in ("Rain falls on.", "Rain falls.", "Rain.")]
    found = reader.capture(passages).states["residual", "mean"]
    alone = np.concatenate([reader.capture([each]).states["residual", "mean"] for each in passages])
    np.testing.assert_allclose(found, alone, rtol=1e-4, atol=1e-5)


def test_heads_are_not_told_apart_where_a_norm_follows_them(tmp_path: Path) -> None:
    reader = open_model(str(save_model("gemma2", tmp_path)), "cpu")
    assert reader.heads == 0
    states = reader.capture(PASSAGES, ("residual", "attention", "mlp")).states
    added = states["attention", "last"] + states["mlp", "last"]
    residual = np.diff(states["residual", "last"], axis=1)
    np.testing.assert_allclose(residual, added[:, 1:], rtol=1e-3, atol=1e-4)
    with pytest.raises(ActivationError, match="head is not told apart"):
        reader.capture(PASSAGES, ("head",))


def test_sites_are_read_by_token(reader: ModelReader) -> None:
    encoded = reader.encode("Rain falls on it")
    sites = [Site("residual", layer) for layer in range(4)]
    sites += [Site("attention", 1), Site("mlp", 1), *(Site("head", 1, each) for each in range(4))]
    found = reader.trace(encoded.ids[None], sites)
    step = found[Site("residual", 2)] - found[Site("residual", 1)]
    added = found[Site("attention", 1)] + found[Site("mlp", 1)]
    np.testing.assert_allclose(step, added, rtol=1e-3, atol=1e-4)
    with torch.no_grad():
        embedded = reader._loaded.model(
            torch.tensor(encoded.ids)[None], output_hidden_states=True
        ).hidden_states[0]
    np.testing.assert_allclose(found[Site("residual", 0)], embedded.numpy(), atol=1e-6)
    heads = sum(reader.add_up(site, found[site]) for site in sites if site.component == "head")
    rest = found[Site("attention", 1)] - heads
    np.testing.assert_allclose(rest, np.broadcast_to(rest[:, :1], rest.shape), atol=1e-4)


@pytest.mark.parametrize("site", [Site("residual", 0), Site("residual", 2), Site("residual", 3)])
def test_all_states_of_another_text_give_its_prediction(reader: ModelReader, site: Site) -> None:
    one, other = (reader.encode(text).ids[None] for text in ("A dog ran.", "A cat sat."))
    states = reader.trace(one, [site])[site]
    every = np.ones(one.shape, np.bool_)
    patched = reader.predict(other, [Edit(site, states, every)])
    assert not np.allclose(reader.predict(other), reader.predict(one), atol=1e-2)
    np.testing.assert_allclose(patched, reader.predict(one), rtol=1e-5, atol=1e-5)


def test_every_part_of_another_text_gives_its_prediction(reader: ModelReader) -> None:
    """Attention's outputs and heads both; with the embeddings nothing of the other text is left."""
    one, other = (reader.encode(text).ids[None] for text in ("A dog ran.", "A cat sat."))
    every = np.ones(one.shape, np.bool_)
    for part in (
        [Site("attention", layer) for layer in range(3)],
        [Site("head", layer, head) for layer in range(3) for head in range(4)],
    ):
        sites = [Site("residual", 0), *part, *(Site("mlp", layer) for layer in range(3))]
        found = reader.trace(one, sites)
        edits = [Edit(site, states, every) for site, states in found.items()]
        np.testing.assert_allclose(
            reader.predict(other, edits), reader.predict(one), rtol=1e-4, atol=1e-4
        )


def test_an_edit_changes_what_it_names_and_no_more(reader: ModelReader) -> None:
    ids = np.tile(reader.encode("A dog ran.").ids, (2, 1))
    mask = np.zeros(ids.shape, np.bool_)
    mask[1, -1] = True
    push = np.linspace(0, 9, reader.width, dtype=np.float32)[None, None]
    plain = reader.predict(ids)
    pushed = reader.predict(ids, [Edit(Site("residual", 3), push, mask, add=True)])
    np.testing.assert_allclose(pushed[0], plain[0], atol=1e-6)
    assert not np.allclose(pushed[1], plain[1], atol=1e-3)
    # What is added at the first token after the last block reach no prediction but its own.
    mask = np.zeros(ids.shape, np.bool_)
    mask[:, 0] = True
    np.testing.assert_allclose(
        reader.predict(ids, [Edit(Site("residual", 3), push, mask, add=True)]), plain, atol=1e-6
    )


def test_a_prefix_is_as_good_as_the_whole(reader: ModelReader) -> None:
    ids = reader.encode("A dog ran over it.").ids
    whole = reader.predict(np.tile(ids, (3, 1)), keep=2)
    parted = reader.predict(np.tile(ids[6:], (3, 1)), keep=2, prefix=ids[:6])
    assert whole.shape == (3, 2, 259)
    np.testing.assert_allclose(parted, whole, rtol=1e-4, atol=1e-5)


def test_a_llama_by_hand(tmp_path: Path) -> None:
    """Norm, rotary attention over shared keys, gated MLP: written out from the paper's formulas."""
    reader = open_model(str(save_model("llama", tmp_path)), "cpu")
    model = reader._loaded.model.model
    ids = torch.tensor(reader.encode("Rain falls.").ids)
    x = model.embed_tokens.weight[ids]
    n, size = len(ids), 8
    turn = torch.arange(n)[:, None] / 10000 ** (torch.arange(0, size, 2) / size)
    cos, sin = (torch.cat([each, each], -1) for each in (turn.cos(), turn.sin()))

    def norm(states: Any, weight: Any) -> Any:
        return weight * states / (states.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt()

    def rotate(states: Any) -> Any:
        first, second = states[..., : size // 2], states[..., size // 2 :]
        return states * cos + torch.cat([-second, first], -1) * sin

    with torch.no_grad():
        for layer, block in enumerate(model.layers):
            given = norm(x, block.input_layernorm.weight)
            attend = block.self_attn
            q, k, v = (
                (given @ each.weight.T).view(n, -1, size).transpose(0, 1)
                for each in (attend.q_proj, attend.k_proj, attend.v_proj)
            )
            k, v = k.repeat_interleave(2, 0), v.repeat_interleave(2, 0)
            scores = rotate(q) @ rotate(k).transpose(1, 2) / size**0.5
            scores = scores.masked_fill(torch.ones(n, n).triu(1).bool(), -torch.inf)
            heads = scores.softmax(-1) @ v
            added = heads.transpose(0, 1).reshape(n, -1) @ attend.o_proj.weight.T
            middle = x + added
            given = norm(middle, block.post_attention_layernorm.weight)
            gate = torch.nn.functional.silu(given @ block.mlp.gate_proj.weight.T)
            more = (gate * (given @ block.mlp.up_proj.weight.T)) @ block.mlp.down_proj.weight.T
            x = middle + more
            sites = [Site("attention", layer), Site("mlp", layer), Site("residual", layer + 1)]
            found = reader.trace(ids.numpy()[None], sites)
            for site, wanted in zip(sites, (added, more, x), strict=True):
                np.testing.assert_allclose(found[site][0], wanted, rtol=1e-4, atol=1e-4)
            each = reader.trace(ids.numpy()[None], [Site("head", layer, 3)])
            np.testing.assert_allclose(
                each[Site("head", layer, 3)][0], heads[3], rtol=1e-4, atol=1e-4
            )


def test_a_text_that_cannot_be_read_is_one_line(reader: ModelReader) -> None:
    with pytest.raises(ActivationError, match="no token; expected a text"):
        reader.capture([Passage("Rain.", "")])
    with pytest.raises(ActivationError, match="tokens; expected at most 256"):
        reader.capture([Passage("", "a" * 300)])


def test_a_character_without_a_token_is_named(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    folder = save_model("llama", tmp_path)
    words = Tokenizer(models.WordLevel({"<unk>": 0, "rain": 1, "falls": 2}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>").save_pretrained(folder)
    reader = open_model(str(folder), "cpu")
    assert reader.capture([Passage("", "rain falls")]).tokens.tolist() == [2]
    with pytest.raises(ActivationError, match=r"'rain stops'.*lacks"):
        reader.capture([Passage("", "rain stops")])


@pytest.mark.parametrize("name", ["nothing-here", "missing/folder/of/mine", "some.gguf"])
def test_a_model_that_is_not_there_is_one_line(name: str) -> None:
    with pytest.raises(ActivationError, match="no such folder or file"):
        open_model(name)


def test_a_folder_without_a_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ActivationError, match="a folder without weights"):
        open_model(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ActivationError, match="expected a causal language model"):
        open_model(str(tmp_path))
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    with pytest.raises(ActivationError, match="expected a causal language model"):
        open_model(str(tmp_path / "broken.gguf"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a GPU")
def test_a_gpu_that_is_not_there_is_one_line(reader: ModelReader, tmp_path: Path) -> None:
    with pytest.raises(ActivationError, match="no GPU"):
        open_model(str(tmp_path), "cuda")


def test_a_lack_of_memory_is_one_line(reader: ModelReader) -> None:
    with pytest.raises(ActivationError, match="not enough memory"), reader._running():
        torch.empty(2**56)


@pytest.mark.parametrize(("bos", "begins"), [(True, "<s>"), (False, "\n")])
def test_nothing_is_the_first_token_of_all(bos: bool, begins: str, tmp_path: Path) -> None:
    """Its state is unlike all others: a token of the tokenizer takes it, or else an empty line."""
    model = open_model(str(save_model("gpt2", tmp_path, bos=bos)), "cpu")
    known = model._encoder._tokenizer.convert_ids_to_tokens(model.encode("A dog.").ids)
    assert known[0] == {"\n": "Ċ"}.get(begins, begins)
    assert known[1] == "A"
    plain, after = model.capture([Passage("", "A dog."), Passage("It.", " A dog.")]).tokens
    assert (plain, after) == (6, 7)


def test_weights_of_other_bytes_have_another_hash(tmp_path: Path) -> None:
    one, other, same = (
        open_model(str(save_model("llama", tmp_path / name, seed=seed))).sha256
        for name, seed in (("one", 0), ("other", 1), ("same", 0))
    )
    assert one == same != other
