"""The waste check: a logistic regression on the detector's backbone (docs/design/detector.md, docs/adr/0006)."""
