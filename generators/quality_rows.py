"""Reads a dataset folder for its quality: its rows, what is drawn of them, and what it says."""

