"""The content-addressed store: each file once, under its SHA-256, on a local disk or in an S3-compatible bucket."""
