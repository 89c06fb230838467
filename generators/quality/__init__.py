"""Measures a dataset against the bar: reads rows, runs the checks, sums up."""
