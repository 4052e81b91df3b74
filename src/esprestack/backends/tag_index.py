"""The index of tags: whose rules and schedule groups there are, as one listing says, which lags behind.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

import threading
from collections.abc import Mapping

from esprestack.aws import DENIED, Aws
from esprestack.backends.rules_mapping import pairs
from esprestack.errors import AwsError
from esprestack.rule import TRACKING_TAG, Pairs

PAGE = 100
_RULES, _GROUPS = "rule/", "schedule-group/"


class TagIndex:
    """All that is tagged with a tracking id in a region, asked for anew by `refresh`, else once."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._asking = threading.Lock()
        self._found: Mapping[str, Pairs] | None = None

    def refresh(self) -> None:
        with self._asking:
            self._found = None

    def rules(self) -> dict[str, Pairs]:
        """Tags by the names of rules; empty where the index is denied or knows nothing."""
        return self._named(_RULES)

    def groups(self) -> dict[str, Pairs]:
        """Tags by the names of schedule groups."""
        return self._named(_GROUPS)

    def _named(self, kind: str) -> dict[str, Pairs]:
        with self._asking:
            if self._found is None:
                self._found = self._asked()
            return {arn.rpartition(kind)[2]: tags for arn, tags in self._found.items() if f":{kind}" in arn}

    def _asked(self) -> Mapping[str, Pairs]:
        try:
            pages = list(
                self._aws.pages(
                    "resourcegroupstaggingapi",
                    "get_resources",
                    "PaginationToken",
                    ResourceTypeFilters=["events:rule", "scheduler:schedule-group"],
                    TagFilters=[{"Key": TRACKING_TAG}],
                    ResourcesPerPage=PAGE,
                )
            )
        except AwsError as error:
            if error.code in DENIED:
                return {}
            raise
        return {
            entry["ResourceARN"]: pairs(entry.get("Tags"))
            for page in pages
            for entry in page.get("ResourceTagMappingList", [])
        }
