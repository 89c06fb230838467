"""From texts and contrasts to numbers: no thresholds, no verdicts. Pure."""
