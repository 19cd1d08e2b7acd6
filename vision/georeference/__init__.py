"""From a pixel of a drone's picture to a place on the ground, with an error that can be believed.

`camera` and `cameras` say where in space a pixel looks, `pose` where the camera was, `ground` and `terrain` what is
below, `place` puts them together, `errors` says how far off that may be. `correction` learns from a known point,
`fusion` joins several looks at one thing, `turned` finds stills that were turned after the flight.
"""
