"""A node's last log lines, read from afar."""
