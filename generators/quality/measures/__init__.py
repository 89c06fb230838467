"""From texts to numbers: no thresholds, no verdicts. Pure."""
