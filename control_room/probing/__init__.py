"""What an uploaded file really is, found out in a process that can reach nothing."""
