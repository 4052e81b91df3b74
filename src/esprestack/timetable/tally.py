"""How much begins in each minute of a span, added up from sets of minutes.

The sums are kept as binary digits, one set of minutes for each digit: to add a rule that runs every minute takes as
long as to add one that runs once.
"""


class Tally:
    """Sums, 0 in every minute at first."""

    def __init__(self) -> None:
        self._digits: list[int] = []
        """For each binary digit, the lowest first, the minutes in whose sum it is 1."""

    def add(self, minutes: int, amount: int) -> None:
        """Adds `amount` to the sum of each of `minutes`."""
        position = 0
        while amount:
            if amount & 1:
                self._carry(minutes, position)
            amount >>= 1
            position += 1

    def _carry(self, minutes: int, position: int) -> None:
        while minutes:
            while len(self._digits) <= position:
                self._digits.append(0)
            was = self._digits[position]
            self._digits[position] = was ^ minutes
            minutes &= was
            position += 1

    def total(self, minutes: int) -> int:
        """The sums of `minutes` together."""
        return sum((digit & minutes).bit_count() << position for position, digit in enumerate(self._digits))

    def most(self, minutes: int) -> tuple[int, int]:
        """The greatest sum among `minutes`, and those of them that have it."""
        greatest = 0
        for position in range(len(self._digits) - 1, -1, -1):
            if with_digit := self._digits[position] & minutes:
                greatest |= 1 << position
                minutes = with_digit
        return greatest, minutes

    def at_least(self, amount: int) -> int:
        """The minutes whose sum is `amount`, which is 1 or more, or greater."""
        greater, equal = 0, -1
        for position in range(max(len(self._digits), amount.bit_length()) - 1, -1, -1):
            digit = self._digits[position] if position < len(self._digits) else 0
            if amount >> position & 1:
                equal &= digit
            else:
                greater |= equal & digit
                equal &= ~digit
        return greater | equal
