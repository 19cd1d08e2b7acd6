"""What the room sets of its devices: versions with who, when and why, and whether the device took them."""
