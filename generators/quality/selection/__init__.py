"""Which rows are `core`: those on which no surface cue tells the poles apart."""
