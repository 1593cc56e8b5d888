"""The policy and the decision: pure, standard library only."""
