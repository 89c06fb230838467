"""Runs a model and reads or changes its states through hooks; the only importer of torch."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generators.activations.batches import deal, pad, split
from generators.activations.cache import Cache
from generators.activations.encoding import Encoder, Prompt
from generators.activations.heads import find_slice, project_head, project_heads
from generators.activations.hooks import (
    Keep,
    Module,
    Remove,
    Tensor,
    change_input,
    change_output,
    read_input,
    read_output,
)
from generators.activations.layout import Layout, find_layout
from generators.activations.sites import Edit, Encoded, Ids, Mask, Site
from generators.activations.states import PLACES, Activations, Component, Floats, Passage, Place
from generators.activations.weights import (
    Loaded,
    check_installed,
    lack_memory,
    load,
    tells_of_memory,
)
from generators.errors import ActivationError, UsageError
from generators.options import PathLike

if TYPE_CHECKING:
    torch: Any  # its types are not known where it is not installed
else:
    try:
        import torch
    except ImportError:
        torch = None

NUMBERS = 2**25
"""Most log-probabilities that are held at one time."""


def _say_nothing(_: int) -> None:
    """Is told how many passages are done where nobody asks."""


def open_model(
    model: str, device: str | None = None, cache: PathLike | None = None
) -> "ModelReader":
    """Returns a model that is ready to read.

    Args:
        model: Path of a folder or of a GGUF file, or a name on the Hub.
        device: `cpu` or `cuda`; None for a GPU where there is one.
        cache: Folder that keeps activations for a later run; None for none.

    Raises:
        ActivationError: It is not there, cannot be read, or does not fit.
    """
    check_installed(torch)
    has_gpu = bool(torch.cuda.is_available())
    if device == "cuda" and not has_gpu:
        found, wanted = "no GPU that torch can use", "one, or cpu"
        raise ActivationError("--device cuda", found, wanted, "Leave --device out")
    return ModelReader(load(model, device or ("cuda" if has_gpu else "cpu")), cache)


class ModelReader:
    """One model in memory; a `Model`."""

    def __init__(self, loaded: Loaded, cache: PathLike | None = None) -> None:
        """Takes a loaded model, and finds its parts.

        Args:
            loaded: The model.
            cache: Folder that keeps activations for a later run; None for none.

        Raises:
            ActivationError: It is not made of blocks.
        """
        self._loaded = loaded
        self._kept = Cache(Path(cache), loaded.sha256) if cache is not None else None
        self._model: Module = loaded.model
        self._device = next(self._model.parameters()).device
        self._where = f"--model {loaded.name}"
        config = self._model.config.get_text_config()
        self._known = int(self._model.get_input_embeddings().weight.shape[0])
        longest = int(getattr(config, "max_position_embeddings", 0) or 0)
        self._encoder = Encoder(loaded.tokenizer, loaded.name, self._known, longest)
        takes = signature(self._model.base_model.forward).parameters
        self._cache = "cache" if "cache" in takes else "past_key_values"  # its older name
        self._window = int(getattr(config, "sliding_window", 0) or 0)
        heads = int(getattr(config, "num_attention_heads", 0))
        with self._running():
            self._layout: Layout = find_layout(self._model, self._probe, heads, self._where)

    @property
    def name(self) -> str:
        """What the model is called where its results are shown."""
        return self._loaded.name

    @property
    def sha256(self) -> str:
        """The hash of the model's weights, in hexadecimal digits."""
        return self._loaded.sha256

    @property
    def versions(self) -> dict[str, str]:
        """The libraries that run it, and their versions."""
        return self._loaded.versions | {"torch": str(torch.__version__)}

    @property
    def layers(self) -> int:
        """How many blocks it has."""
        return len(self._layout.blocks)

    @property
    def width(self) -> int:
        """The size of its residual stream."""
        return self._layout.width

    @property
    def heads(self) -> int:
        """How many attention heads a block has; 0 where they are not told apart."""
        return self._layout.heads

    @property
    def has_parts(self) -> bool:
        """Whether attention and MLP are told apart."""
        return all(block.attention and block.mlp for block in self._layout.blocks)

    def capture(
        self,
        passages: Sequence[Passage],
        components: Sequence[Component] = ("residual",),
        progress: Callable[[int], None] | None = None,
    ) -> Activations:
        """Returns the states of passages, in their order; equal ones are read once."""
        self._check_components(components)
        if self._kept is not None:
            return self._kept.complete(passages, components, self._read, progress or _say_nothing)
        return self._read(passages, components, progress or _say_nothing)

    def _read(
        self,
        passages: Sequence[Passage],
        components: Sequence[Component],
        tell: Callable[[int], None] = _say_nothing,
    ) -> Activations:
        """Returns the states of passages, all read in the model."""
        prompts, lengths = self._encoder.group(passages)
        states: dict[tuple[Component, Place], Floats] = {}
        for component in components:
            heads = (self.heads,) if component == "head" else ()
            shape = (len(passages), self.layers, *heads, self.width)
            for place in PLACES:
                states[component, place] = np.empty(shape, np.float32)
        done = 0
        for batch in deal(prompts, self._window):
            found = self._read_batch(batch, components)
            owners = [each for prompt in batch for each in prompt.completions.values()]
            for key, values in found.items():
                for row, places in enumerate(owners):
                    states[key][places] = values[row]
            done += sum(map(len, owners))
            tell(done)
        return Activations(states, np.array(lengths, np.int32))

    def encode(self, text: str) -> Encoded:
        """Returns the tokens of a text, with what begins every text."""
        return self._encoder.encode(text)

    def encode_rest(self, text: str, before: int) -> Ids:
        """Returns the tokens of a text that goes on after so many tokens."""
        return self._encoder.encode_rest(text, before)

    def trace(self, ids: Ids, sites: Sequence[Site]) -> dict[Site, Floats]:
        """Returns the states at some sites: (texts, tokens, width) each."""
        parts: list[dict[Site, Floats]] = []
        for rows in split(len(ids), ids.shape[1]):
            found: dict[Site, Floats] = {}
            with self._running(), ExitStack() as hooks:
                for site in sites:
                    hooks.callback(self._watch(site, found))
                self._model.base_model(input_ids=self._take(ids[rows]), use_cache=False)
            parts.append(found)
        return {site: np.concatenate([each[site] for each in parts]) for site in sites}

    def add_up(self, site: Site, states: Floats) -> Floats:
        """Returns what states at a site add to the residual stream: themselves, but for heads."""
        if site.component != "head":
            return states
        with self._running():
            projection = self._layout.blocks[site.layer].projection
            alone = project_head(projection, self._take(states), site.head, self.heads)
        return alone.cpu().numpy()

    def predict(
        self, ids: Ids, edits: Sequence[Edit] = (), keep: int = 1, prefix: Ids | None = None
    ) -> Floats:
        """Returns log-probabilities of the token after each of the last `keep` tokens."""
        with self._running():
            parts = [found.cpu().numpy() for _, found in self._run(ids, edits, keep, prefix)]
        return np.concatenate(parts)

    def score(self, ids: Ids, edits: Sequence[Edit] = (), prefix: Ids | None = None) -> Floats:
        """Returns the log-probability of each text's tokens but the first, after it: (texts,)."""
        parts: list[Floats] = []
        with self._running():
            for rows, found in self._run(ids, edits, ids.shape[1], prefix):
                wanted = self._take(ids[rows, 1:])[:, :, None]
                parts.append(found[:, :-1].gather(2, wanted).sum((1, 2)).cpu().numpy())
        return np.concatenate(parts)

    def _run(
        self, ids: Ids, edits: Sequence[Edit], keep: int, prefix: Ids | None
    ) -> Iterator[tuple[slice, Tensor]]:
        """Yields the texts of one run, and what is predicted after their last `keep` tokens."""
        before = 0 if prefix is None else len(prefix)
        cache = None
        if prefix is not None and before:
            output = self._model.base_model(input_ids=self._take(prefix[None]), use_cache=True)
            cache = output[self._cache]
        most = max(1, NUMBERS // (keep * self._known))
        for rows in split(len(ids), ids.shape[1], most):
            more: dict[str, Any] = {"use_cache": False}
            if cache is not None:
                more = {self._cache: _repeat(cache, len(ids[rows]))}
                places: Ids = np.arange(before, before + ids.shape[1], dtype=np.int64)
                more["position_ids"] = self._take(places[None]).expand(len(ids[rows]), -1)
            with ExitStack() as hooks:
                for edit in edits:
                    hooks.callback(self._change(edit, rows))
                output = self._model(input_ids=self._take(ids[rows]), logits_to_keep=keep, **more)
            yield rows, output.logits.float().log_softmax(-1)

    def _read_batch(
        self, batch: Sequence[Prompt], components: Sequence[Component]
    ) -> dict[tuple[Component, Place], Floats]:
        """Returns the states of each completion of some prompts, in their order."""
        owners = [row for row, each in enumerate(batch) for _ in each.completions]
        completions = [ids for each in batch for ids in each.completions]
        before, seen = pad([each.ids for each in batch])
        ids, real = pad(completions)
        lengths: Ids = real.sum(1)
        start: Ids = seen.sum(1)[owners]
        places: Ids = np.arange(ids.shape[1], dtype=np.int64)
        positions = np.minimum(places, lengths[:, None] - 1) + start[:, None]
        found: dict[tuple[Component, Place], list[Tensor]] = {}
        with self._running(), ExitStack() as hooks:
            more: dict[str, Any] = {"use_cache": False}
            if before.shape[1]:
                output = self._model.base_model(
                    input_ids=self._take(before), attention_mask=self._take(seen), use_cache=True
                )
                more = {self._cache: output[self._cache]}
                more[self._cache].batch_select_indices(self._take(np.array(owners)))
            for component in components:
                for place in PLACES:
                    found[component, place] = []
                for layer in range(self.layers):
                    keep = self._keep_places(component, layer, real, found)
                    hooks.callback(self._listen(component, layer, keep))
            self._model.base_model(
                input_ids=self._take(ids),
                attention_mask=self._take(np.concatenate([seen[owners], real], axis=1)),
                position_ids=self._take(positions),
                **more,
            )
            return {key: torch.stack(each, 1).cpu().numpy() for key, each in found.items()}

    def _keep_places(
        self,
        component: Component,
        layer: int,
        real: Mask,
        found: dict[tuple[Component, Place], list[Tensor]],
    ) -> Keep:
        """Returns what keeps mean and last of the states of one layer as they come."""
        mask = self._take(real).float()
        share = mask / mask.sum(1, keepdim=True)
        rows, last = self._take(np.arange(len(real))), self._take(real.sum(1) - 1)

        def keep(states: Tensor) -> None:
            means = (states * share[:, :, None]).sum(1)
            both = torch.stack([means, states[rows, last]])
            if component == "head":
                both = project_heads(self._layout.blocks[layer].projection, both, self.heads)
            found[component, "mean"].append(both[0])
            found[component, "last"].append(both[1])

        return keep

    def _listen(self, component: Component, layer: int, keep: Keep) -> Remove:
        """Has what a component of a block makes be kept."""
        if component == "head":
            return read_input(self._layout.blocks[layer].projection, keep)
        return read_output(self._find_part(component, layer), keep)

    def _watch(self, site: Site, found: dict[Site, Floats]) -> Remove:
        """Has the states of a site be kept."""

        def keep(states: Tensor) -> None:
            if site.component == "head":
                states = states[..., find_slice(site.head, self.heads, states)]
            found[site] = states.cpu().numpy().copy()

        if site.component == "residual" and site.layer < self.layers:
            return read_input(self._layout.blocks[site.layer].whole, keep)
        return self._listen(site.component, min(site.layer, self.layers - 1), keep)

    def _change(self, edit: Edit, rows: slice) -> Remove:
        """Has the states of a site be changed."""
        site = edit.site
        mask = self._take(edit.mask[rows] if len(edit.mask) > 1 else edit.mask)[:, :, None]
        values = self._take(edit.values[rows] if len(edit.values) > 1 else edit.values)

        def change(states: Tensor) -> Tensor:
            return torch.where(mask, states + values if edit.add else values, states)

        def change_head(states: Tensor) -> Tensor:
            new, part = states.clone(), find_slice(site.head, self.heads, states)
            new[..., part] = change(states[..., part])
            return new

        if site.component == "head":
            return change_input(self._layout.blocks[site.layer].projection, change_head)
        if site.component == "residual" and site.layer < self.layers:
            return change_input(self._layout.blocks[site.layer].whole, change)
        return change_output(self._find_part(site.component, site.layer), change)

    def _find_part(self, component: Component, layer: int) -> Module:
        """Returns the module that makes the states of a component."""
        block = self._layout.blocks[min(layer, self.layers - 1)]
        return {"residual": block.whole, "attention": block.attention, "mlp": block.mlp}[component]

    def _check_components(self, components: Sequence[Component]) -> None:
        """Raises where a component is not told apart."""
        for component in components:
            known = {"residual": True, "attention": self.has_parts, "mlp": self.has_parts}
            if component not in (*known, "head"):
                wanted = "some of residual, attention, mlp, head"
                raise UsageError("components", f"'{component}'", wanted, "Correct it")
            if not (self.heads if component == "head" else known[component]):
                found = f"blocks in which {component} is not told apart"
                wanted = "blocks that add attention and MLP to the residual stream"
                raise ActivationError(self._where, found, wanted, "Read the residual stream alone")

    def _probe(self) -> None:
        self._model.base_model(input_ids=self._take(np.array([[0, 2], [1, 2]])), use_cache=False)

    def _take(self, values: Any) -> Tensor:
        """Returns an array as a tensor beside the model."""
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._device)

    @contextmanager
    def _running(self) -> Generator[None]:
        """Computes no gradients; raises ActivationError where memory is short."""
        try:
            with torch.inference_mode():
                yield
        except (RuntimeError, MemoryError) as error:
            if tells_of_memory(error):
                raise lack_memory(self._where) from error
            raise


def _repeat(cache: Any, rows: int) -> Any:
    """Returns a cache of one text as that of so many; the cache itself stays as it is."""
    repeated = deepcopy(cache)
    repeated.batch_repeat_interleave(rows)
    return repeated
