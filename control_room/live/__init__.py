"""Live video as people and publishers reach it: permission, audit and addresses; the pictures pass elsewhere."""
