"""esprestack: ECS scheduled tasks from Git, diffed on the pull request and applied on merge."""

__version__ = "0.1.0"
