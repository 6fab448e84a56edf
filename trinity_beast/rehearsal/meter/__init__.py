"""The rehearsal of the meter: processes die at random under load, and everything that was answered is counted."""
