"""Finds the Debian mirrors that this machine is set up for, so that no mirror's name stands in the project."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

APT = Path("/etc/apt")
# A suite of Debian itself; third parties name theirs otherwise ("nodistro", "cloud-sdk-bookworm").
DEBIAN_SUITE = re.compile(r"^(bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable)$")
ONE_LINE = re.compile(r"^deb(?:-src)?\s+(?:\[(?P<options>[^]]*)\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<rest>.*)$")


@dataclass(frozen=True)
class Mirror:
    uri: str
    signed_by: str | None  # path of a key ring, or None for apt's trusted keys

    def source_line(self, suite: str) -> str:
        """The line of a sources.list that reads source packages of `suite` from this mirror."""
        options = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb-src {options}{self.uri} {suite} main\n"


def mirrors(apt: Path = APT) -> list[Mirror]:
    """The mirrors of Debian's main archive in apt's own order, each once."""
    found: dict[Mirror, None] = {}
    for path in _files(apt):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        parse = parse_deb822 if path.suffix == ".sources" else parse_one_line
        found.update(dict.fromkeys(parse(text)))
    return list(found)


def _files(apt: Path) -> Iterator[Path]:
    yield from (path for path in [apt / "sources.list"] if path.is_file())
    parts = apt / "sources.list.d"
    if parts.is_dir():
        yield from sorted(path for path in parts.iterdir() if path.suffix in {".list", ".sources"})


def parse_one_line(text: str) -> Iterator[Mirror]:
    """`deb [signed-by=/x.gpg] URI suite component ...`, the form of a sources.list."""
    for line in text.splitlines():
        match = ONE_LINE.match(line.split("#", 1)[0].strip())
        if match is None or not _is_debian([match["suite"]], match["rest"].split()):
            continue
        options = dict(option.split("=", 1) for option in (match["options"] or "").split() if "=" in option)
        yield Mirror(match["uri"], options.get("signed-by"))


def parse_deb822(text: str) -> Iterator[Mirror]:
    """Stanzas of `Key: value` lines separated by empty lines, the form of a .sources file."""
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza)
        if fields.get("enabled", "yes").lower() in {"no", "false", "0", "off"}:
            continue
        if not _is_debian(fields.get("suites", "").split(), fields.get("components", "").split()):
            continue
        signed_by = fields.get("signed-by", "").strip()
        for uri in fields.get("uris", "").split():
            # A key written into the stanza itself is no path: apt then uses its trusted keys.
            yield Mirror(uri, signed_by if signed_by.startswith("/") else None)


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    key = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace():
            fields[key] = f"{fields.get(key, '')} {line.strip()}"
        elif ":" in line:
            key, value = line.split(":", 1)
            key = key.strip().lower()
            fields[key] = value.strip()
    return fields


def _is_debian(suites: Iterable[str], components: Iterable[str]) -> bool:
    return "main" in components and any(DEBIAN_SUITE.match(suite.rstrip("/")) for suite in suites)
