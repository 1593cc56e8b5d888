"""Rounds in what leads where: diversions that come back to where they began."""

from collections.abc import Iterator, Mapping


def rounds(following: Mapping[int, set[int]]) -> Iterator[tuple[int, ...]]:
    """Yield rounds, each from its lowest id, until what is left has none: no id is in two of those yielded."""
    left = _trimmed(following)
    while left:
        found = list(_lowest_rounds(left))
        yield from found
        gone = {row_id for ids in found for row_id in ids}
        left = _trimmed({row_id: ids - gone for row_id, ids in left.items() if row_id not in gone})


def _lowest_rounds(left: Mapping[int, set[int]]) -> Iterator[tuple[int, ...]]:
    """Yield the rounds of going on to the lowest id at each step; there is one at least, since all lead on."""
    seen: set[int] = set()
    for start in sorted(left):
        path: dict[int, int] = {}
        at = start
        while at not in seen and at not in path:
            path[at] = len(path)
            at = min(left[at])
        if at in path:
            ids = [row_id for row_id, place in path.items() if place >= path[at]]
            lowest = ids.index(min(ids))
            yield (*ids[lowest:], *ids[:lowest])
        seen |= path.keys()


def _trimmed(following: Mapping[int, set[int]]) -> dict[int, set[int]]:
    """Return what is left without those that lead nowhere."""
    left = {row_id: ids & following.keys() for row_id, ids in following.items()}
    before: dict[int, list[int]] = {row_id: [] for row_id in left}
    for row_id, ids in left.items():
        for after in ids:
            before[after].append(row_id)
    waiting = [row_id for row_id, ids in left.items() if not ids]
    while waiting:
        ended = waiting.pop()
        del left[ended]
        for row_id in before[ended]:
            left[row_id].discard(ended)
            if not left[row_id]:
                waiting.append(row_id)
    return left
