"""A dataset folder on the Hub: one commit, compared before it is tried again, verified, tagged."""
