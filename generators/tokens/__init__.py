"""Tokenizers, and where the tokens of two texts differ."""
