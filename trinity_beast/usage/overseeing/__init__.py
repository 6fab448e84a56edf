"""What operators see of usage on its way, and what they do about it."""
