"""Which runs of a workflow are under way."""

from esprestack.github.client import Client, told


def is_applying(client: Client, workflow: str, branch: str) -> bool:
    """Whether a run of that workflow's file, started by a push to `branch`, is in progress. Raises GithubError."""
    with told("to list the runs of the workflow", "actions: read"):
        runs = client.repository.get_workflow_runs(event="push", status="in_progress")
        return any(run.path.partition("@")[0] == workflow and run.head_branch == branch for run in runs)
