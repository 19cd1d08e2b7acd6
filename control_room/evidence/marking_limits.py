"""How large a file may be of which a marked copy is made."""

FILE_BYTES_MAX = 64 * 1024 * 1024
SECONDS_MAX = 300
