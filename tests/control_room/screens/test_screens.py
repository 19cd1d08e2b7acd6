"""The built web pages, and the one page for every address of the application."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import control_room
from tests.control_room import door as doors
from vision.rules import registry

INDEX = "<!doctype html><title>Talaia</title>"


@pytest.fixture(scope="module")
def client(lasting_door: doors.Door) -> httpx.Client:
    folder = lasting_door.folder
    built = folder / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text(INDEX)
    (built / "favicon.svg").write_text("<svg/>")
    (built / "assets" / "index-4f3a.js").write_text("start()")
    (folder / "secret.txt").write_text("secret")
    (built / "outside.txt").symlink_to(folder / "secret.txt")
    return lasting_door.client()


@pytest.mark.parametrize("path", ["/", "/alerts/7", "/login?token=abc", "/index.html", "/apiary"])
def test_every_address_is_the_application(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


def test_only_the_page_of_a_telephone_may_open_a_camera(client: httpx.Client) -> None:
    rest, phone = (client.get(path).headers["permissions-policy"] for path in ("/live", "/publish/0199"))
    assert (rest.split(",")[0], phone.split(",")[0]) == ("camera=()", "camera=(self)")
    assert "microphone=()" in phone


def test_hashed_files_are_kept_for_ever_and_others_asked_for(client: httpx.Client) -> None:
    answer = client.get("/assets/index-4f3a.js")
    assert (answer.text, answer.headers["cache-control"]) == ("start()", "public, max-age=31536000, immutable")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert client.get("/favicon.svg").headers["cache-control"] == "no-cache"
    head = client.head("/assets/index-4f3a.js")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "7")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/index-old.js",
        "/assets",
        "/outside.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2f../secret.txt",
        "/%00.txt",
        "//etc/hostname.txt",
        "/x" * 3000 + ".js",
    ],
)
def test_a_file_that_is_not_there_is_not_the_application(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    if path == "/assets":
        assert answer.text == INDEX  # an address like any other, never a listing
        return
    assert doors.problem(answer)[0] == 404
    assert "secret" not in answer.json()["detail"]


def test_pages_that_are_not_built_are_said_so(door: doors.Door) -> None:
    answer = door.client().get("/")
    assert answer.status_code == 503
    assert "The screens are not built" in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_nothing_is_changed_here(client: httpx.Client) -> None:
    assert doors.problem(client.post("/")) == (405, "about:blank")


def test_the_pages_know_every_rule() -> None:
    source = (Path(control_room.__file__).parent / "ui" / "src" / "api" / "types.ts").read_text()
    listed = re.search(r"RULES = \[(.*?)\]", source, re.DOTALL)
    assert listed is not None
    assert re.findall(r"'(\w+)'", listed.group(1)) == list(registry.KINDS)
