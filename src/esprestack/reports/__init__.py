"""Plan or Outcome → text, Markdown, JSON: readers of what the middle made, each in a module of its own."""
