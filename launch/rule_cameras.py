"""The cameras of `DEMO=rules make run`: every rule with a clip in which it finds something, its zones and settings.

All clips are staged out of the demonstration's two. `smoke_fire` has none: it needs a model of the user's own.
`DEMO=rules:crowd,camera_tamper` has the cameras of these rules only, for a computer that cannot follow all at once.
"""

from pathlib import Path

from launch.configuration import Camera
from launch.footage import make as footage
from launch.footage.rules import make

PEOPLE = """
[[camera.zones]]
name = "gespa"
points = [[0.0, 0.42], [0.4, 0.52], [0.75, 0.72], [1.0, 0.85], [1.0, 1.0], [0.0, 1.0]]
rules = ["intrusion"]

[[camera.zones]]
name = "cruïlla"
points = [[0.3, 0.32], [0.6, 0.2], [1.0, 0.2], [1.0, 0.85], [0.4, 0.55]]
rules = ["loitering", "crowd"]

[[camera.zones]]
name = "carrer"
kind = "line"
points = [[0.5, 0.62], [0.62, 0.22]]

[camera.rules.intrusion]
enabled = true
time_zone = "Europe/Madrid"
holidays = "ES-CT"

[camera.rules.line_crossing]
enabled = true
direction = "a->b"
cool_down_s = 60

[camera.rules.loitering]
enabled = true
dwell_s = 15
cool_down_s = 60

[camera.rules.crowd]
enabled = true
people = 4
hold_s = 3
clear_s = 8

[[camera.rules.crowd.calendar]]
name = "mercat (exemple d'activitat prevista)"
effect = "info"
"""
REMOVED = """
[[camera.zones]]
name = "vora de la gespa"
points = [[0.2, 0.38], [0.42, 0.38], [0.42, 0.62], [0.2, 0.62]]

[camera.rules.object_removed]
enabled = true
stood_s = 15
forget_s = 60
cool_down_s = 600  # its clip, and with it the theft, begins again each minute

[camera.rules.illegal_dumping]
enabled = false
"""
PARKED = """
[[camera.zones]]
name = "prohibit aturar-se"
kind = "no_stopping"
points = [[0.6, 0.3], [0.95, 0.3], [0.95, 0.6], [0.6, 0.6]]

[camera.rules.stopped_vehicle]
enabled = true
dwell_s = 10

[camera.rules.illegal_dumping]
enabled = false
"""
HURRIED = """
[camera.rules.fast_motion_or_fight]
enabled = true
energy = 1.1
hold_s = 0.4

[camera.rules.illegal_dumping]
enabled = false
"""
TAMPERED = """
[camera.rules.camera_tamper]
enabled = true
frozen_s = 20

[camera.rules.illegal_dumping]
enabled = false
"""
LOST = """
[camera.rules.camera_tamper]
enabled = true
lost_s = 15

[camera.rules.illegal_dumping]
enabled = false
"""


SHOWN = {
    "rules-dumped": ("illegal_dumping",),
    "rules-people": ("intrusion", "line_crossing", "loitering", "crowd"),
    "rules-removed": ("object_removed",),
    "rules-parked": ("stopped_vehicle",),
    "rules-hurried": ("fast_motion_or_fight",),
    "rules-tampered": ("camera_tamper",),
    "rules-lost": ("camera_tamper",),
}
"""Which rules a camera is there for."""
RULES = frozenset(rule for rules in SHOWN.values() for rule in rules)


def cameras(directory: Path, *, drawn: bool, rules: frozenset[str] = RULES) -> list[Camera]:
    """Of the clips in that directory, those that show these rules; a drawn street has no van to cut out."""
    shown = [
        Camera("rules-dumped", "Abocament", footage.STAGED),
        Camera("rules-people", "Persones: zona, línia, permanència, aglomeració", footage.STREET, rules=PEOPLE),
        Camera("rules-removed", "Objecte retirat", make.REMOVED, rules=REMOVED),
        Camera("rules-parked", "Vehicle aturat", make.PARKED, rules=PARKED),
        Camera("rules-hurried", "Moviment brusc", make.HURRIED, rules=HURRIED),
        Camera("rules-tampered", "Càmera manipulada", make.TAMPERED, rules=TAMPERED),
        Camera("rules-lost", "Senyal perdut", make.LOST, rules=LOST, loop=False),
    ]
    return [
        camera.named(f"{camera.name} (simulat)", f"file:{directory / camera.source}")
        for camera in shown
        if rules.intersection(SHOWN[camera.identifier]) and not (drawn and camera.identifier == "rules-parked")
    ]
