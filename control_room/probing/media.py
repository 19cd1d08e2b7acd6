"""Looks into a file. Runs in the sandboxed process only."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import av
import av.logging

from control_room.probing import boxes, png, signatures
from control_room.probing.result import Found, Outcome, Reason, Refused, Stream

if TYPE_CHECKING:
    from typing import BinaryIO

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

VIDEO = frozenset({"h264", "hevc", "mpeg4", "mpeg2video", "mjpeg", "vp8", "vp9", "png", "webp"})
AUDIO = frozenset({"aac", "mp3", "opus", "vorbis", "ac3", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_mulaw"})
OTHER = frozenset({"klv", "timed_id3", "mov_text", "subrip", "webvtt", "bin_data", "tmcd", "none", "unknown"})
STREAMS_MAX = 16
VIDEO_PIXELS, PICTURE_PIXELS = 40_000_000, 100_000_000
TEXT_BYTES = 64 * 1024 * 1024
LOG_BYTES = 1024 * 1024 * 1024
_PACKETS_MAX = 300
_READ_BYTES = 1024 * 1024
_Type = Literal["video", "audio", "data", "subtitle"]


class _RefusedError(Exception):
    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.refused = Refused(reason=reason, message=message[:300])


def look(file: BinaryIO, size_bytes: int, extension: str, media_type: str) -> Outcome:
    """`extension`, `media_type`: what the sender calls it, in lower case; empty: nothing said."""
    try:
        head = file.read(4096)
        kind = _kind(head, extension, media_type)
        if kind in {signatures.TEXT, signatures.LOG}:
            encoding = signatures.encoding_of(head)
            return Outcome(found=_log(size_bytes) if kind is signatures.LOG else _text(file, size_bytes, encoding))
        if kind is signatures.MP4:
            boxes.check(file, size_bytes)
        if kind is signatures.PNG:
            _check_pixels(*png.size(head), PICTURE_PIXELS)
            png.check(file)
        return Outcome(found=_media(file, size_bytes, kind))
    except (_RefusedError, boxes.BoxError) as error:
        return Outcome(refused=error.refused)
    except png.PngError as error:
        return Outcome(refused=Refused(reason="damaged", message=str(error)[:300]))
    except MemoryError:
        return Outcome(refused=Refused(reason="limits", message="it takes more memory than a file may"))
    except (av.FFmpegError, OSError, ValueError, EOFError) as error:
        return Outcome(refused=Refused(reason="damaged", message=f"cannot be read: {str(error)[:200]}"))


def _kind(head: bytes, extension: str, media_type: str) -> signatures.Kind:
    alien = signatures.alien(head)
    if alien is not None:
        raise _RefusedError("alien_kind", f"this is {alien}; taken are {signatures.ALLOWED}")
    kind = signatures.kind_of(head)
    if kind is None:
        raise _RefusedError("unknown_kind", f"not a kind of file that is taken; taken are {signatures.ALLOWED}")
    if extension and extension not in kind.extensions:
        raise _RefusedError("other_kind", f"called .{extension}, but it is {kind.media_type}")
    said = media_type.partition(";")[0].strip()
    if said not in {"", "application/octet-stream"} | kind.media_types and not (
        kind is signatures.TEXT and said.startswith("text/")
    ):
        raise _RefusedError("other_kind", f"said to be {said}, but it is {kind.media_type}")
    return kind


def _log(size_bytes: int) -> Found:
    """What it says is read by `telemetry_child`, which is shut in as well."""
    if size_bytes > LOG_BYTES:
        raise _RefusedError("too_large", f"a log of {size_bytes} bytes; {LOG_BYTES} are taken")
    return Found(container="log", media_type=signatures.LOG.media_type, bytes=size_bytes)


def _text(file: BinaryIO, size_bytes: int, encoding: str) -> Found:
    if size_bytes > TEXT_BYTES:
        raise _RefusedError("too_large", f"a text of {size_bytes} bytes; {TEXT_BYTES} are taken")
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    while chunk := file.read(_READ_BYTES):
        text = decoder.decode(chunk)
        if any(ord(character) < 0x20 and character not in "\t\n\r\f" for character in set(text)):  # noqa: PLR2004 - control characters
            raise _RefusedError("damaged", "a text with control characters")
        if "<!ENTITY" in text or "<!DOCTYPE" in text:
            raise _RefusedError("external", "a document type, which may name other files")
    decoder.decode(b"", final=True)
    return Found(container="text", media_type=signatures.TEXT.media_type, bytes=size_bytes)


def _check_pixels(width: int, height: int, limit: int) -> None:
    if not width * height:
        raise _RefusedError("damaged", "a picture without a pixel")
    if width * height > limit:
        raise _RefusedError("too_large", f"{width} x {height} pixels; {limit} are taken")


def _media(file: BinaryIO, size_bytes: int, kind: signatures.Kind) -> Found:
    file.seek(0)
    options = {
        "protocol_whitelist": "",  # it has the open file; whatever else it asks for is refused
        "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,jpeg_pipe,png_pipe,webp_pipe",
        "codec_whitelist": ",".join(sorted(VIDEO | AUDIO | {"mov_text", "subrip", "webvtt"})),
        "max_streams": str(STREAMS_MAX),
        "threads": "1",
        "probesize": "10000000",
    }
    with av.open(file, mode="r", format=kind.container, options=options) as container:
        is_picture = kind.media_type.startswith("image/")
        limit = PICTURE_PIXELS if is_picture else VIDEO_PIXELS
        for stream in container.streams:
            _check_stream(stream.type, _codec(stream), limit, stream)
        frame = _first_frame(container, limit)
        streams = [_described(stream, frame) for stream in container.streams]
        duration = None if is_picture or container.duration is None else container.duration / av.time_base
        return Found(
            container=kind.container,
            media_type=kind.media_type,
            bytes=size_bytes,
            duration_s=duration if duration is None or duration >= 0 else None,
            created_at=None if is_picture else _created_at(container.metadata.get("creation_time")),
            streams=streams,
        )


def _created_at(written: str | None) -> datetime | None:
    try:
        created = datetime.fromisoformat(written or "")
    except ValueError:
        return None
    return created if created.tzinfo is not None else created.replace(tzinfo=UTC)


def _codec(stream: object) -> str:
    context = getattr(stream, "codec_context", None)
    return "none" if context is None else str(context.name)


def _check_stream(kind: str, codec: str, limit: int, stream: object) -> None:
    allowed = {"video": VIDEO, "audio": AUDIO}.get(kind, OTHER | VIDEO | AUDIO)
    if codec not in allowed:
        raise _RefusedError("codec", f"{kind} by {codec}; taken are {', '.join(sorted(VIDEO | AUDIO))}")
    if kind == "video":
        context = stream.codec_context  # type: ignore[attr-defined]  # of a video stream
        _check_pixels(context.width, context.height, limit)


def _first_frame(container: InputContainer, limit: int) -> VideoFrame:
    if not container.streams.video:
        raise _RefusedError("unknown_kind", "a recording without a picture")
    stream: VideoStream = container.streams.video[0]
    stream.thread_type = "NONE"
    stream.codec_context.options = {"max_pixels": str(limit), "err_detect": "crccheck+explode"}
    for number, packet in enumerate(container.demux(stream)):
        for frame in packet.decode():
            return frame
        if number > _PACKETS_MAX:
            break
    raise _RefusedError("damaged", "no picture can be decoded from its beginning")


def _described(stream: object, frame: VideoFrame) -> Stream:
    kind: _Type = stream.type if stream.type in {"video", "audio", "subtitle"} else "data"  # type: ignore[attr-defined]  # any stream
    codec = _codec(stream)
    if kind != "video":
        return Stream(type=kind, codec=codec)
    context, rate = stream.codec_context, stream.average_rate  # type: ignore[attr-defined]  # of a video stream
    return Stream(
        type="video",
        codec=codec,
        width_px=context.width,
        height_px=context.height,
        frame_rate=float(rate) if rate else None,
        rotation_deg=int(frame.rotation),
    )
