"""Large files in pieces that go on after an interruption: tus 1.0."""
