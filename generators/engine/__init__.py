"""Asks a model, and never pays for an answer twice: requests, their log, live and in batches."""
