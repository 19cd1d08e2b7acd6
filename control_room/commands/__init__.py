"""Orders of people to devices: checked, signed, written down, sent until they are answered."""
