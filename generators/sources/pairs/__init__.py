"""Pairs of the user's own, from files of lines or from memory."""
