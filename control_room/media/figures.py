"""What the media process tells of itself: streams, sessions, and Prometheus' text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import prometheus_client
from prometheus_client import CollectorRegistry, Gauge

if TYPE_CHECKING:
    from control_room.media.hub import Hub
    from control_room.media.session import Session
    from control_room.media.streams import Stream

METRICS_TYPE = prometheus_client.CONTENT_TYPE_LATEST


def of_stream(hub: Hub, stream: Stream) -> dict[str, Any]:
    """For JSON."""
    publisher, picture = stream.publisher, stream.picture
    viewers = [session for session in hub.sessions.values() if session.stream is stream and session.role == "viewer"]
    return {
        "stream": stream.name,
        "published_since": None if publisher is None else publisher.since.isoformat(),
        "kind": None if publisher is None else publisher.kind,
        "codec": None if publisher is None else publisher.codec,
        "transcoded": publisher is not None and publisher.is_transcoded,
        "width_px": None if picture is None else picture.width_px,
        "height_px": None if picture is None else picture.height_px,
        "fps": round(stream.fps, 1),
        "bits_s": round(stream.bits_s),
        "last_packet_age_s": round(stream.silent_s, 3) if stream.frames else None,
        "key_every_s": round(stream.ring.gop_s, 2) or None,
        "held_from": None if (first := stream.ring.first) is None else first.arrived_at.isoformat(),
        "held_bytes": stream.ring.held_bytes,
        "viewers": len(viewers),
        "dropped": stream.dropped,
    }


def of_session(hub: Hub, session: Session) -> dict[str, Any]:
    """For JSON."""
    peer, now_s = session.peer, hub.clock.now_s()
    heard_s = session.heard_at_s if session.role == "publisher" else getattr(peer, "heard_s", peer.begun_s)
    return {
        "session_id": session.session_id,
        "stream": session.stream.name,
        "role": session.role,
        "since": session.since.isoformat(),
        "age_s": round(now_s - peer.begun_s, 3),
        "state": peer.state,
        "last_seen_age_s": round(now_s - heard_s, 3),
        "frames": session.stream.frames if session.role == "publisher" else getattr(peer, "frames", 0),
        "dropped": getattr(peer, "dropped", 0),
        "loss": round(getattr(peer, "loss", 0.0), 4),
    }


def metrics(hub: Hub) -> bytes:
    """In Prometheus' text form."""
    registry = CollectorRegistry()

    def gauge(name: str, text: str, value: float) -> None:
        Gauge(name, text, registry=registry).set(value)

    sessions = list(hub.sessions.values())
    gauge("talaia_media_cpu_share", "Share of one core, of the last seconds.", hub.load.cpu_share)
    gauge("talaia_media_lag_seconds", "How late the event loop is.", hub.load.lag_ms / 1000)
    gauge("talaia_media_streams", "Streams that are being published.", sum(_is_live(s) for s in hub.streams.values()))
    gauge("talaia_media_viewers", "Viewers.", sum(session.role == "viewer" for session in sessions))
    gauge("talaia_media_publishers", "Publishers by WHIP.", sum(session.role == "publisher" for session in sessions))
    gauge("talaia_media_held_bytes", "Pictures in memory.", sum(s.ring.held_bytes for s in hub.streams.values()))
    refused = Gauge("talaia_media_refused", "Offers refused since the start.", ["problem"], registry=registry)
    for name, count in hub.refused.items():
        refused.labels(name).set(count)
    lines = Gauge("talaia_media_detections", "Lines of what agents see that were taken.", ["stream"], registry=registry)
    garbage = Gauge(
        "talaia_media_detections_refused", "Lines that were none, or too many.", ["stream"], registry=registry
    )
    age = Gauge("talaia_media_picture_age_seconds", "Since the stream's last picture.", ["stream"], registry=registry)
    bits = Gauge("talaia_media_bits_per_second", "Of the stream.", ["stream"], registry=registry)
    watched = Gauge("talaia_media_stream_viewers", "Of the stream.", ["stream"], registry=registry)
    for stream in hub.streams.values():
        age.labels(stream.name).set(stream.silent_s)
        bits.labels(stream.name).set(stream.bits_s)
        lines.labels(stream.name).set(stream.detections.lines)
        garbage.labels(stream.name).set(stream.detections.refused)
        watched.labels(stream.name).set(
            sum(session.stream is stream and session.role == "viewer" for session in sessions)
        )
    return prometheus_client.generate_latest(registry)


def _is_live(stream: Stream) -> bool:
    return stream.publisher is not None
