"""Concepts: their file, their network, and the pool of what file and models give."""
