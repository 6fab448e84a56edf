"""Rehearsals: a running node, a lab that does wrong on command, and a judge who knows the truth."""
