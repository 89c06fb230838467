"""References: a dataset without the story text that is not ours to republish, and back again."""
