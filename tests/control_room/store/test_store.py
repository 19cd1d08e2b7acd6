"""Both stores keep, give, list and remove the same way; the one in a bucket against a real S3-compatible server."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest

from control_room import config
from control_room.store.content import NoSuchContentError, Store, StoreAwayError
from control_room.store.local import LocalStore
from control_room.store.opening import open_store
from control_room.store.s3 import S3Store
from control_room.store.staging import Incoming
from tests.control_room import services
from tests.control_room.store.conftest import s3_settings

CONTENT = bytes(range(256)) * 80_000  # 20 MB: several parts of a multipart upload
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return LocalStore(tmp_path)
    found: S3Store = request.getfixturevalue("s3_store")
    return found


def keep(store: Store, content: bytes) -> str:
    with Incoming(store) as incoming:
        incoming.write(content)
        incoming.keep()
        return incoming.sha256


def test_what_is_kept_is_given_back_whole_and_in_ranges(store: Store) -> None:
    assert keep(store, CONTENT) == SHA256
    assert list(store.staging.incoming.iterdir()) == []
    assert store.size_bytes(SHA256) == len(CONTENT)
    assert hashlib.sha256(b"".join(store.read(SHA256))).hexdigest() == SHA256
    assert b"".join(store.read(SHA256, 5, 9)) == CONTENT[5:10]
    assert b"".join(store.read(SHA256, len(CONTENT) - 3)) == CONTENT[-3:]
    middle = b"".join(store.read(SHA256, 1_000_001, 4_000_000))
    assert middle == CONTENT[1_000_001:4_000_001]


def test_the_same_content_is_one_file(store: Store) -> None:
    first, again, other = keep(store, b"one"), keep(store, b"one"), keep(store, b"other")
    assert first == again
    listed = {content.sha256: content for content in store.contents()}
    assert set(listed) == {first, other}
    assert listed[other].bytes == 5
    assert listed[first].kept_at > 1_700_000_000


def test_what_is_removed_is_gone(store: Store) -> None:
    sha256 = keep(store, b"one")
    store.remove(sha256)
    store.remove(sha256)
    assert store.size_bytes(sha256) is None
    assert list(store.contents()) == []
    with pytest.raises(NoSuchContentError):
        store.read(sha256)


def test_a_server_that_is_away_or_refuses_is_a_problem_that_tells_no_secret(
    s3_endpoint: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = S3Store(s3_settings(s3_endpoint, tmp_path, "stranger", "another-secret-of-a-test"))
    nobody = S3Store(s3_settings(f"http://127.0.0.1:{services.free_port()}", tmp_path, "nobody"))
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(StoreAwayError):
            keep(stranger, b"one")
        with pytest.raises(StoreAwayError):
            nobody.size_bytes(SHA256)
    assert "does not head" in caplog.text
    assert "secret-of-a-test" not in caplog.text
    assert list(stranger.staging.incoming.iterdir()) == []


def test_the_settings_choose_the_store(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the-secret-of-a-test\n")
    file = tmp_path / "room.toml"
    file.write_text(
        f'[store]\nkind = "s3"\ndirectory = "{tmp_path}"\ns3_endpoint = "https://s3.example.org"\ns3_bucket = "town"\n'
        f's3_access_key_id = "a"\ns3_secret_access_key_file = "{secret}"\n'
    )
    settings = config.load(file, {})
    assert isinstance(open_store(settings.store), S3Store)
    assert settings.store.s3_secret_access_key.get_secret_value() == "the-secret-of-a-test"
    assert "the-secret-of-a-test" not in repr(settings)
    assert isinstance(open_store(config.Store(directory=tmp_path)), LocalStore)


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('kind = "s3"', "store.s3_endpoint"),
        ('s3_endpoint = "http://s3.example.org"', "store.s3_endpoint"),
        ('s3_endpoint = "https://key:secret@s3.example.org"', "store.s3_endpoint"),
        ('s3_bucket = "a/b"', "store.s3_bucket"),
        ('kind = "ftp"', "store.kind"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, lines: str, key: str) -> None:
    file = tmp_path / "room.toml"
    file.write_text(f"[store]\n{lines}\n")
    with pytest.raises(config.ConfigError, match=f"^{key}: got") as wrong:
        config.load(file, {})
    assert "secret" not in str(wrong.value).replace("key:secret", "") or "***" in str(wrong.value)
