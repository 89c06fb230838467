"""Measures of texts: numbers only, no thresholds and no verdicts. Pure."""
