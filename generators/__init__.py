"""How records are made: commands, and the steps from game data to a dataset folder."""
