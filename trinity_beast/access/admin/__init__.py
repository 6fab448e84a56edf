"""Keys and accounts for operators, over HTTP."""
