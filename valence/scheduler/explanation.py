# SPDX-License-Identifier: Apache-2.0
"""Why no hardware was selected: one short text."""

from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import cast

from valence.common import exception
from valence.common.types import JsonObject
from valence.common.types import Requirements
from valence.scheduler import fitting
from valence.scheduler import words
from valence.scheduler.request import Ranking
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request

#: The filter of what has too little free hardware.
CAPACITY = 'capacity'
# The maximum number of reasons, and of the characters of each.
_REASONS = 3
_LENGTH = 300
# The pod managers that a reason names.
_NAMES = 3
_NOTHING = 'no pod manager is registered'


def no_capacity(
    request: Request, ranking: Ranking, hidden: Collection[str] = ()
) -> exception.NoCapacity:
    """The error of a request that nothing satisfies.

    :param hidden: the filters whose rejections the project must not see.
    """
    seen = [one for one in ranking.rejections if one.filter not in hidden]
    unlisted = len(ranking.unlisted)
    best = max(
        (
            one
            for one in seen
            if one.nearest not in ({}, None, request.requirements)
        ),
        key=lambda one: one.nearness,
        default=None,
    )
    text = _text(request, seen, best, ranking)
    failure = exception.NoCapacity(
        reason=text, rejections=seen, unlisted=ranking.unlisted
    )
    text = _user_text(request, seen)
    if unlisted:
        text += f'; {words.number(unlisted, "more pod manager")}'
    failure.user_message = str(exception.NoCapacity(reason=text))
    failure.nearest = best.nearest if best else None
    return failure


def user_reason(request: Request, rejection: Rejection) -> str:
    """Why a pod manager was rejected, for members of projects.

    It has the words of the request, and tells nothing of the hardware that
    there is.
    """
    if rejection.filter != CAPACITY:
        return rejection.reason
    missing = split(request, rejection)[1]
    text = 'no free hardware meets the request'
    if missing:
        text = f'no free hardware has {_short(words.requirements(missing))}'
    return text + rejection.user_kept_away


def split(
    request: Request, rejection: Rejection
) -> tuple[Requirements, Requirements]:
    """What free hardware of a pod manager meets of a request, and the rest."""
    requested = cast(JsonObject, request.requirements)
    nearest = cast(JsonObject, rejection.nearest or {})
    met: JsonObject = {}
    unmet: JsonObject = {}
    for group, parts in requested.items():
        has = nearest.get(group, type(parts)())
        divide = _split_list if isinstance(parts, list) else _split_values
        found, rest = divide(parts, has)
        met |= {group: found} if found else {}
        unmet |= {group: rest} if rest else {}
    return cast(Requirements, met), cast(Requirements, unmet)


def _split_values(
    values: JsonObject, has: JsonObject
) -> tuple[JsonObject, JsonObject]:
    """Those of several values that there are, and the others."""
    found = {n: v for n, v in values.items() if has.get(n) == v}
    return found, {n: v for n, v in values.items() if n not in found}


def _split_list(
    parts: list[object], has: list[object]
) -> tuple[list[object], list[object]]:
    """Those of several parts that there are, and the others."""
    left = [*has]
    found, rest = [], []
    for part in parts:
        if part in left:
            left.remove(part)
            found.append(part)
        else:
            rest.append(part)
    return found, rest


def _text(
    request: Request,
    seen: list[Rejection],
    best: Rejection | None,
    ranking: Ranking,
) -> str:
    tried = [one.reason for one in request.refused]
    if not seen and not tried:
        return _NOTHING
    podms = {one.podm_uuid for one in seen}
    podms.update(one.podm_uuid for one in request.refused if one.podm_uuid)
    tried_systems = {one.system_uuid for one in request.refused}
    systems = sum(one.systems for one in seen)
    systems += sum(ranking.shortages.values())
    systems = max(systems, len(tried_systems))
    looked_at = len(podms) + len(ranking.unlisted)
    text = (
        f'requested {_requested(request)}; looked at '
        f'{words.number(looked_at, "pod manager")} and '
        f'{words.number(systems, "free system")}'
    )
    if tried:
        text += f', tried {words.number(len(tried), "combination")}'
    text += f': {_reasons(seen, tried, ranking.shortages)}'
    # The other reasons include it.
    kept_away = [one.kept_away for one in seen if one.shortages]
    text += ''.join(kept_away[:_REASONS])
    if best is not None and best.nearest is not None:
        nearest = words.requirements(best.nearest)
        text += f'. The nearest is {_short(nearest)} on {best.name}'
    return text


def _user_text(request: Request, seen: Iterable[Rejection]) -> str:
    """The same for members of projects; see ``user_reason``."""
    names: dict[str, list[str]] = {}
    for one in seen:
        names.setdefault(user_reason(request, one), []).append(one.name)
    texts = [
        f'{_names(sorted(found))}: {_short(reason)}'
        for reason, found in sorted(
            names.items(), key=lambda item: len(item[1]), reverse=True
        )
    ]
    if request.refused:
        texts.insert(0, 'what was tried was refused by the pod manager')
    if not texts:
        return _NOTHING
    more = len(texts) - _REASONS
    if more > 0:
        texts[_REASONS:] = [words.number(more, 'other reason')]
    return f'requested {_requested(request)}: {"; ".join(texts)}'


def _requested(request: Request) -> str:
    if request.resources:
        return words.number(len(request.resources), 'given resource')
    return _short(words.requirements(request.requirements))


def _reasons(
    seen: Iterable[Rejection], tried: list[str], unlisted: Mapping[str, int]
) -> str:
    """The commonest reasons, and how many others there are.

    :param unlisted: the shortages of systems that no rejection includes.
    """
    names: dict[str, list[str]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for reason in tried:
        counts['combination', reason] += 1
    for reason, number in unlisted.items():
        counts['system', reason] += number
    for one in seen:
        for reason, count in one.shortages.items():
            # The reason of the rejection is reported already.
            if reason != fitting.REFUSED:
                counts['system', reason] += count
        if not one.shortages:
            counts['', one.reason] += 1
            names.setdefault(one.reason, []).append(one.name)
    texts = []
    for (kind, reason), count in counts.most_common(_REASONS):
        subject = words.number(count, kind) if kind else _names(names[reason])
        texts.append(f'{subject}: {_short(reason)}')
    others = len(counts) - len(texts)
    if others:
        texts.append(words.number(others, 'other reason'))
    return '; '.join(texts)


def _names(names: list[str]) -> str:
    shown = ', '.join(names[:_NAMES])
    more = len(names) - _NAMES
    return f'{shown} and {more} more' if more > 0 else shown


def _short(text: str) -> str:
    """A text that is cut between words if it is too long."""
    if len(text) <= _LENGTH:
        return text
    return f'{text[:_LENGTH].rpartition(" ")[0] or text[:_LENGTH]} …'
