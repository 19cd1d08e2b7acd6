"""A flight of known geometry: drawn ground with things on it, filmed from above, and the truth beside it.

Its telemetry is as wrong as real telemetry is. Everything follows from a seed.

    python -m benchmarks.drawn_flight --out FOLDER --seed 1 --height 80
"""
