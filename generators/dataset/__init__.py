"""The dataset folder: one build for every source, its card, its header, its summary."""
