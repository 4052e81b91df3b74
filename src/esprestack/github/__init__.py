"""GitHub: the only package that imports PyGithub or actions_toolkit."""
