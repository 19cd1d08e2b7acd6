"""The accounts of devices at the broker: made, changed and taken away so that they follow the table of devices."""
