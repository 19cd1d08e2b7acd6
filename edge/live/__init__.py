"""Live video: on the room's word a camera's pictures go to it by WHIP, out of the stream that is recorded."""
