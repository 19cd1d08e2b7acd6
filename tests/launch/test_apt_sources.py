"""The mirrors that a machine is set up for, as Debian's images and providers write them down."""

from pathlib import Path

import pytest

from launch.apt_sources import Mirror, mirrors, parse_deb822, parse_one_line

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deb http://mirror.example/debian bookworm main", [Mirror("http://mirror.example/debian", None)]),
        (
            f"deb [ arch=amd64 signed-by={KEYS} ] https://mirror.example/debian trixie main contrib",
            [Mirror("https://mirror.example/debian", KEYS)],
        ),
        (
            "deb http://snapshot.example/archive/debian/20250520T000000Z stable main # dated",
            [Mirror("http://snapshot.example/archive/debian/20250520T000000Z", None)],
        ),
        ("deb-src http://mirror.example/debian sid main", [Mirror("http://mirror.example/debian", None)]),
        ("# deb http://mirror.example/debian bookworm main", []),
        ("deb http://mirror.example/debian bookworm contrib", []),
        ("deb http://mirror.example/debian bookworm-updates main", []),
        ("deb http://security.example/debian-security bookworm-security main", []),
        ("deb https://packages.example/apt cloud-sdk-bookworm main", []),
        ("deb https://deb.example/node_20.x nodistro main", []),
        ("deb http://archive.example/ubuntu noble main", []),
        ("deb", []),
        ("", []),
    ],
)
def test_one_line_form(line: str, expected: list[Mirror]) -> None:
    assert list(parse_one_line(line)) == expected


@pytest.mark.parametrize(
    ("stanza", "expected"),
    [
        (
            (
                "Types: deb\n# http://snapshot.example/archive\nURIs: http://a.example/debian\n"
                f"Suites: bookworm bookworm-updates\nComponents: main\nSigned-By: {KEYS}\n"
            ),
            [Mirror("http://a.example/debian", KEYS)],
        ),
        (
            (
                "types: deb deb-src\nuris: http://a.example/debian\n http://b.example/debian\nsuites: trixie\n"
                "components: main non-free-firmware\n"
            ),
            [Mirror("http://a.example/debian", None), Mirror("http://b.example/debian", None)],
        ),
        (
            (
                "URIs: http://a.example/debian\nSuites: trixie\nComponents: main\nSigned-By:\n"
                " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n xjMEZVt\n"
            ),
            [Mirror("http://a.example/debian", None)],
        ),
        ("Enabled: no\nURIs: http://a.example/debian\nSuites: trixie\nComponents: main\n", []),
        ("URIs: http://a.example/debian-security\nSuites: trixie-security\nComponents: main\n", []),
        ("URIs: https://deb.example/node\nSuites: nodistro\nComponents: main\n", []),
        ("a line of no use", []),
    ],
)
def test_deb822_form(stanza: str, expected: list[Mirror]) -> None:
    assert list(parse_deb822(stanza)) == expected


def test_mirrors_come_in_order_and_once(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n", encoding="utf-8")
    (parts / "b.sources").write_text(
        "URIs: http://b.example/debian\nSuites: bookworm\nComponents: main\n\n"
        "URIs: http://a.example/debian\nSuites: bookworm\nComponents: main\n",
        encoding="utf-8",
    )
    (parts / "c.list.disabled").write_text("deb http://c.example/debian bookworm main\n", encoding="utf-8")
    assert [mirror.uri for mirror in mirrors(tmp_path)] == ["http://a.example/debian", "http://b.example/debian"]


def test_a_machine_without_apt_has_no_mirror(tmp_path: Path) -> None:
    assert mirrors(tmp_path / "absent") == []


def test_source_line() -> None:
    assert Mirror("http://a.example/debian", KEYS).source_line("trixie") == (
        f"deb-src [signed-by={KEYS}] http://a.example/debian trixie main\n"
    )
