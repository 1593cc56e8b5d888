"""An event of AMI as it came: of its thirty headers a listener asks for four or five, so none is read before."""

from collections.abc import Iterator

_LINE_END = "\r\n"
_BEGINNING = "\r\nEvent: "


class AmiEvent:
    """One event; headers are found by their names as Asterisk writes them, the first where there are several."""

    __slots__ = ("_text", "name")

    def __init__(self, text: str) -> None:
        """Take the lines of a message; `name` is empty for one that does not begin as an event."""
        self._text = f"\r\n{text}\r\n"
        self.name = self.get("Event") if self._text.startswith(_BEGINNING) else ""

    def get(self, header: str) -> str:
        """Return a header's value, empty when it is not there."""
        mark = f"\r\n{header}: "
        at = self._text.find(mark)
        if at < 0:
            return ""
        begin = at + len(mark)
        return self._text[begin : self._text.find(_LINE_END, begin)]

    def is_doubled(self) -> bool:
        """Return whether it has two names, as no event of Asterisk's has."""
        return self._text.count(_BEGINNING) > 1

    def headers(self) -> Iterator[tuple[str, str]]:
        """Yield every header with its value, in order."""
        for line in self._text.split(_LINE_END):
            name, colon, value = line.partition(": ")
            if colon:
                yield name, value
