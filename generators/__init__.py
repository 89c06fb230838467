"""How records are made: commands, and the steps from game data to a dataset folder."""

__version__ = "0.1.0"
