"""The store in a bucket of an S3-compatible server; only what is still coming in lies on a local disk.

PREFIX/sha256/ab/cd/abcd...   an object appears whole or not at all; nothing is ever written into one
"""

from __future__ import annotations

import contextlib
import http
import logging
from typing import TYPE_CHECKING, BinaryIO

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from control_room.store.content import READ_BYTES, Content, NoSuchContentError, StoreAwayError
from control_room.store.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from botocore.response import StreamingBody

    from control_room import config

_PART_BYTES = 16 * 1024 * 1024
_PARTS = TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, max_concurrency=2)
_CONNECTIONS = 40
"""As many as the service has threads."""
_GONE = frozenset({"404", "NoSuchKey", "NotFound"})
_log = logging.getLogger(__name__)


class S3Store:
    """See `control_room.store.content.Store`."""

    def __init__(self, settings: config.Store) -> None:
        self.staging = Staging(settings.directory)
        self._bucket = settings.s3_bucket
        self._root = f"{settings.s3_prefix.strip('/')}/sha256/".lstrip("/")
        self._client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint,
            region_name=settings.s3_region,
            aws_access_key_id=settings.s3_access_key_id,
            aws_secret_access_key=settings.s3_secret_access_key.get_secret_value(),
            config=Config(
                connect_timeout=5,
                read_timeout=60,
                max_pool_connections=_CONNECTIONS,
                proxies={},
                request_checksum_calculation="when_required",  # most compatible servers do not know the newer ones
                response_checksum_validation="when_required",
                retries={"total_max_attempts": 3, "mode": "standard"},
                s3={"addressing_style": "path", "payload_signing_enabled": True},
            ),
        )

    def put(self, file: BinaryIO, path: Path, sha256: str) -> None:
        file.flush()
        size_bytes = path.stat().st_size
        if self.size_bytes(sha256) != size_bytes:
            with _away_is_a_problem("put", sha256):
                self._client.upload_file(str(path), self._bucket, self._key(sha256), Config=_PARTS)
            if self.size_bytes(sha256) != size_bytes:
                _log.error("the store has %s in another size than it was sent", sha256)
                raise StoreAwayError
        path.unlink()

    def size_bytes(self, sha256: str) -> int | None:
        try:
            with _away_is_a_problem("head", sha256):
                return self._client.head_object(Bucket=self._bucket, Key=self._key(sha256))["ContentLength"]
        except NoSuchContentError:
            return None

    def read(self, sha256: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        with _away_is_a_problem("get", sha256):
            if (first, last) == (0, None):
                found = self._client.get_object(Bucket=self._bucket, Key=self._key(sha256))
            else:
                asked = f"bytes={first}-{'' if last is None else last}"
                found = self._client.get_object(Bucket=self._bucket, Key=self._key(sha256), Range=asked)
                # By what it says that it sends: some servers call a range 200.
                if not found.get("ContentRange", "").startswith(f"bytes {first}-"):
                    found["Body"].close()
                    _log.error("the store gives another range than was asked for, of %s", sha256)
                    raise StoreAwayError
        return _pieces(found["Body"], sha256)

    def remove(self, sha256: str) -> None:
        with contextlib.suppress(NoSuchContentError), _away_is_a_problem("delete", sha256):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(sha256))

    def contents(self) -> Iterator[Content]:
        with _away_is_a_problem("list", self._root):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._root)
            for page in pages:
                for found in page.get("Contents", []):
                    name = found["Key"].rpartition("/")[2]
                    yield Content(name, found["Size"], found["LastModified"].timestamp())

    def _key(self, sha256: str) -> str:
        return f"{self._root}{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _pieces(body: StreamingBody, sha256: str) -> Iterator[bytes]:
    with contextlib.closing(body), _away_is_a_problem("get", sha256):
        yield from body.iter_chunks(READ_BYTES)


@contextlib.contextmanager
def _away_is_a_problem(doing: str, sha256: str) -> Iterator[None]:
    """Of an error only its code is written down: its words may quote the signed request."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code in _GONE or (status == http.HTTPStatus.NOT_FOUND and code != "NoSuchBucket"):
            raise NoSuchContentError(sha256) from None
        _log.error("the store does not %s %s: %s %s", doing, sha256, status, code)
        raise StoreAwayError from None
    except (BotoCoreError, HTTPClientError, boto3.exceptions.Boto3Error, OSError) as error:
        _log.error("the store does not %s %s: %s", doing, sha256, type(error).__name__)
        raise StoreAwayError from None
