"""Tokenizers of the classes that models have, small ones, trained on the spot.

The vocabularies of Pythia, Llama 2 and Llama 3 are not ours to bundle. What alignment depends on is
their class: byte-level BPE after NFC (Pythia); BPE over pieces that begin with a lower one-eighth
block, with byte fallback and a BOS token (Llama 2); byte-level BPE after another split, digits in
threes, with a BOS token (Llama 3). A small vocabulary splits more words than the real ones do.
"""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

LLAMA_3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def write_tokenizers(folder: Path, texts: Sequence[str]) -> dict[str, Path]:
    """Returns name -> its tokenizer.json."""
    made = {"pythia": make_pythia(), "llama2": make_llama_2(), "llama3": make_llama_3()}
    found: dict[str, Path] = {}
    for name, tokenizer in made.items():
        bos = {"pythia": "<|endoftext|>", "llama2": "<s>", "llama3": "<|begin_of_text|>"}[name]
        alphabet = [] if name == "llama2" else pre_tokenizers.ByteLevel.alphabet()
        specials = [bos, *(["<unk>", *map("<0x{:02X}>".format, range(256))] * (name == "llama2"))]
        trainer = BpeTrainer(
            vocab_size=2600, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        if name != "pythia":
            place = tokenizer.token_to_id(bos)
            tokenizer.post_processor = processors.TemplateProcessing(
                single=f"{bos} $A", pair=f"{bos} $A $B", special_tokens=[(bos, place)]
            )
        found[name] = folder / f"{name}.json"
        tokenizer.save(str(found[name]))
    return found


def make_pythia() -> Tokenizer:
    tokenizer = Tokenizer(BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def make_llama_2() -> Tokenizer:
    tokenizer = Tokenizer(BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    return tokenizer


def make_llama_3() -> Tokenizer:
    tokenizer = Tokenizer(BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA_3_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer
