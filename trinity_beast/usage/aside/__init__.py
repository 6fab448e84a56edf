"""What could not be stored or read, kept for a person."""
