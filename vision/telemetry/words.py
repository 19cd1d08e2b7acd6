"""Which value a name in a file stands for: the many spellings of each, and those nobody has seen yet."""

from __future__ import annotations

import difflib
import functools
import re


def _words(text: str) -> list[str]:
    return text.split()


_SPELLINGS: dict[str, str] = {
    "lat": "lat latitude latitud latitute gpslat gpslatitude dronelat dronelatitude aircraftlat aircraftlatitude "
    "uavlat uavlatitude osdlatitude sensorlatitude platformlatitude positionlat positionlatitude latitudedeg",
    "lon": "lon lng long longitude longtitude longitud lontitude gpslon gpslng gpslong gpslongitude gpslongtitude "
    "dronelon dronelongitude aircraftlon aircraftlongitude uavlon uavlongitude osdlongitude sensorlongitude "
    "platformlongitude positionlon positionlongitude longitudedeg",
    "rel_alt": "relalt relaltitude relativealt relativealtitude altituderelative relheight relativeheight height h hb "
    "barometer baro barometeraltitude barometricaltitude agl altitudeagl altagl heightabovetakeoff heighttakeoff "
    "altitudeabovetakeoff abovetakeoff osdheight heightm flightheight takeoffheight",
    "abs_alt": "absalt absaltitude absolutealt absolutealtitude altitudeabsolute alt altitude amsl altamsl "
    "altitudeamsl msl altmsl altitudemsl gpsalt gpsaltitude elevation ele elev asl altasl altitudeabovesealevel "
    "altitudeabovesealevelmsl sealevel gpsheight osdaltitude altitudeabovesea",
    "gimbal_yaw": "gbyaw gimbalyaw gimbalyawdegree gimbalheading camerayaw gyaw gimbalazimuth cameraheading "
    "gimbalyawangle gimbalyaw360 osdgimbalyaw cameraazimuth gbheading",
    "gimbal_pitch": "gbpitch gimbalpitch gimbalpitchdegree camerapitch gpitch gimbaltilt cameratilt gimbalpitchangle "
    "gbtilt gimbalelevation",
    "gimbal_roll": "gbroll gimbalroll gimbalrolldegree cameraroll groll gimbalrollangle",
    "platform_yaw": "droneyaw flightyaw flightyawdegree aircraftyaw yaw heading compass compassheading droneheading "
    "aircraftheading uavyaw fyaw osdyaw yaw360 headingdeg flightheading platformheading",
    "platform_pitch": "dronepitch flightpitch flightpitchdegree aircraftpitch pitch uavpitch fpitch osdpitch "
    "platformpitch",
    "platform_roll": "droneroll flightroll flightrolldegree aircraftroll roll uavroll froll osdroll platformroll",
    "focal_length": "focallen focallength focal focallengthmm camerafocallength",
    "focal_length_equivalent": "focallenequivalent focallength35 focallength35mm focallengthin35mmfilm "
    "equivalentfocallength focal35mm",
    "zoom": "dzoomratio dzoom zoom zoomratio digitalzoom digitalzoomratio zoomfactor camerazoom",
    "frame": "framecnt srtcnt frame framenumber framecount frameno frmcnt frameindex videoframe",
    "satellites": "sat sats satellites satellitecount gpsnum numsat numsats nsats satnum osdgpsnum satellitesinuse",
    "home_lat": "homelat homelatitude takeofflat takeofflatitude homepointlat homepointlatitude hplat",
    "home_lon": "homelon homelng homelong homelongitude takeofflon takeofflongitude homepointlon homepointlongitude "
    "hplon",
    "position_error": "hacc horizontalaccuracy gpsaccuracy positionaccuracy accuracyhorizontal",
    "distance": "d distance distancefromhome homedistance distancehome disttohome",
    "speed": "hs hspeed horizontalspeed horizspeed groundspeed",
}
_OTHER = _words(
    "attitude shutter iso fnum ev ct colormd difftime latency lattice aperture time date speed vs vspeed tv ss ir f ae "
    "framerate fps distancetravelled maxaltitude maxspeed homealt homealtitude homeheight takeoffaltitude "
    "homedistance3d vpsaltitude vpsheight ultrasonicheight groundelevation terrainaltitude heightmax altitudemax"
)
_OTHER_PLACES = frozenset(_words("rc remote controller pilot phone app poi target wp waypoint camera2 max min base"))
_CANONICAL = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in _words(spellings)}
_GUESSED_LETTERS_MIN = 5
_GUESSABLE = [spelling for spelling in (*_CANONICAL, *_OTHER) if len(spelling) >= _GUESSED_LETTERS_MIN]
_GUESS_LIKENESS = 0.82
_WORD = re.compile(r"[a-z0-9]+")
_COLUMN_PREFIXES = frozenset(
    _words("osd gps custom general imu atti details 0 1 state info data location telemetry fc")
)


@functools.lru_cache(maxsize=4096)
def meaning(name: str) -> str | None:
    """The value's name among those of `vision/telemetry`, None of something else.

    `longtitude`, `GPS Latitude`, `rel alt` and `[gb.pitch` are all understood; of several words that mean nothing
    together the last one counts (`default focal_len`), unless they speak of another place (`home`, `rc`).
    """
    words = _WORD.findall(_split_capitals(name).lower())
    for first in range(len(words)):
        rest = words[first:]
        if first and words[first - 1] in {"home", "takeoff"}:
            return None
        if _OTHER_PLACES & set(words[:first]):
            return None
        found = _one("".join(rest))
        if found is not None or first == len(words) - 1:
            return found
    return None


@functools.lru_cache(maxsize=4096)
def column_meaning(name: str) -> str | None:
    """The same for the head of a column, where every word counts but those that name the part of the aircraft."""
    words = _WORD.findall(_split_capitals(name).lower())
    while len(words) > 1 and words[0] in _COLUMN_PREFIXES:
        words = words[1:]
    return _one("".join(words)) if words else None


def _split_capitals(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _one(letters: str) -> str | None:
    known = _CANONICAL.get(letters)
    if known is not None or letters in _OTHER or len(letters) < _GUESSED_LETTERS_MIN:
        return known
    like = difflib.get_close_matches(letters, _GUESSABLE, n=1, cutoff=_GUESS_LIKENESS)
    return _CANONICAL.get(like[0]) if like else None
