"""The order of a merged list: the configuration's, with the live items that it does not name where they stood.

Source: structured-merge-diff `typed/merge.go` visitListItems.
"""


def woven(live: list[str], config: list[str]) -> list[str]:
    """Steps of both lists, each once.

    Walks both side by side: live items that the configuration does not name go first, then the configuration's next.
    A live item that both have, but that is not the next of those, is passed over: the configuration places it.
    """
    named, present = dict.fromkeys(config), dict.fromkeys(live)
    shared = iter([step for step in config if step in present])
    next_shared = next(shared, None)
    order: list[str] = []
    left = right = 0
    while left < len(live) or right < len(config):
        if left < len(live):
            step = live[left]
            if right < len(config):
                if step == config[right]:
                    order.append(step)
                    left, right = left + 1, right + 1
                    next_shared = next(shared, None)
                    continue
                if step in named and next_shared is not None and step != next_shared:
                    left += 1
                    continue
            if step not in named:
                order.append(step)
                left += 1
                continue
        if right < len(config):
            order.append(config[right])
            if next_shared == config[right]:
                next_shared = next(shared, None)
            right += 1
        else:
            left += 1
    return list(dict.fromkeys(order))
