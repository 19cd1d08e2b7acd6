"""The event benchmark: labelled clips against what `talaia-edge analyse` says (docs/design/evaluation.md)."""
