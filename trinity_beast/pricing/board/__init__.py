"""Every price a node holds, for operators: what a request would be told now, and what none would."""
