"""Trinity Beast: real-time crypto prices that are never older or less certain than they say."""
