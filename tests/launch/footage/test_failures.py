"""What goes wrong is said in one line and leaves nothing half-made."""

import resource
import subprocess
from pathlib import Path

import pytest

from launch.errors import LaunchError
from launch.footage import make, package
from tests.launch.footage import clips

QUARTER_MEGABYTE = 250_000


def test_unknown_package_is_refused_in_one_sentence(fake_root: Path, tmp_path: Path) -> None:
    (fake_root / package.DOCUMENTATION / "opencv4/html/box.mp4.gz").unlink()
    (fake_root / package.DOCUMENTATION / "opencv4/html/box.mp4").write_bytes(b"another box")
    with (
        pytest.raises(package.PackageUnavailableError, match=r"vtest\.avi .* is not the file known here\.$"),
        package.material(tmp_path, fake_root),
    ):
        pytest.fail("the files were given out")
    assert [path.name for path in tmp_path.iterdir()] == [fake_root.name]


def test_damaged_package_is_refused_in_one_sentence(fake_root: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(package.PackageUnavailableError, match=r"^box\.mp4\.gz .* cannot be unpacked: .*\.$"),
        package.material(tmp_path, fake_root),
    ):
        pytest.fail("the files were given out")


def test_write_that_fails_ends_in_one_line(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk: both fail while the clip is written."""
    finished = subprocess.run(
        [*clips.MAKE, str(tmp_path / "clips"), "--drawn"],
        check=False,
        capture_output=True,
        text=True,
        timeout=clips.LONG_S,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (QUARTER_MEGABYTE, QUARTER_MEGABYTE)),
    )
    lines = [line for line in finished.stderr.splitlines() if line.startswith("talaia: ")]
    assert (finished.returncode, len(lines)) == (1, 1)
    assert lines[0].startswith(f"talaia: Cannot make the clips in {tmp_path / 'clips'}: ")
    assert [path.name for path in (tmp_path / "clips").iterdir()] == [".lock"]


def test_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LaunchError, match=r"^Cannot create .*file/clips: .*\.$"):
        make.make(tmp_path / "file" / "clips", lambda _: None, draw=True)
