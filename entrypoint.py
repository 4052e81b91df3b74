"""The container's first line: hands over to esprestack.action.

Started as `python -I -u -B`: the working folder is a pull request's checkout, and nothing in it may be imported.
"""

import sys

from esprestack.action import main

sys.exit(main())
