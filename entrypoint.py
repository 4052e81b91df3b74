"""The container's first line: hands over to esprestack.action.

Started as `python -I -u -B`: the working folder is a pull request's checkout, and nothing in it may be imported.
"""

from esprestack.process import begin, end

begin()

from esprestack.action import main  # noqa: E402 - nothing else comes before the beginning

end(main())
