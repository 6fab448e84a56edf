"""What the nodes of a cluster agree upon: who they are, what each may spend of a limit, and when they shed load."""
