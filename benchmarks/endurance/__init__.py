"""The agent's long proofs, one file each. Each has `prove`, which measures, and `holds`, which judges."""
