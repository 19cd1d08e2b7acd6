"""The configuration may change while the agent runs: what changed, and who must begin anew for it."""
