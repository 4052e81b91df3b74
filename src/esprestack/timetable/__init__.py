"""When rules run and what their runs take: from rules, or from their words in a plan, to minutes, loads, collisions."""
