"""Places where dumping recurs: what was seen there, how often, and when to look again."""
