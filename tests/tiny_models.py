"""Tiny models with random weights, of several types, and a tokenizer of bytes."""

from pathlib import Path
from typing import Any

KINDS = ("llama", "gpt2", "gpt_neox", "qwen2")
SMALL = {
    "vocab_size": 259,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": None,
}


def save_model(
    kind: str, folder: Path, *, seed: int = 0, bos: bool = True, window: int | None = None
) -> Path:
    """Writes a model whose blocks are far from the identity, so that layers differ."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.manual_seed(seed)
    config: Any = transformers.AutoConfig.for_model(kind, **SMALL, initializer_range=0.2)
    if kind in ("llama", "mistral", "qwen2"):
        config.num_key_value_heads = 2
    if window is not None:
        config.sliding_window = window
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    save_tokenizer(folder, bos=bos)
    return folder


def save_tokenizer(folder: Path, *, bos: bool = True) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<s>": 0, "</s>": 1} | {each: 2 + at for at, each in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.save_pretrained(folder)
