"""Which rows are `core`: those on which no surface cue separates the poles."""
