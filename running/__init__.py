"""What every long-running process of Talaia has with the machine that it runs on: its supervisor, its traces."""
