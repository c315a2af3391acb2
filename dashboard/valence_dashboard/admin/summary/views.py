# SPDX-License-Identifier: Apache-2.0
"""What an administrator looks at first."""

import datetime
from typing import Any
from typing import NamedTuple

from django import http
from django.urls import reverse
from django.utils import dateparse
from django.utils import formats
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from horizon import views

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import live
from valence_dashboard import messages
from valence_dashboard import operations
from valence_dashboard.admin.pod_managers import tabs
from valence_dashboard.exceptions import Error

_DAYS = 7
_ENDING = 'in:warned,ending,overdue'
_DAY = datetime.timedelta(days=1)
# No more operations are looked at for those that failed lately.
_MOST_FAILED = 100
# How Valence counts what is not used yet.
_UNUSED = ('requested', 'held')
# What is shown of the capacity of a day.
_AMOUNTS = ('systems', 'cpu_cores', 'memory_mib')


class Count(NamedTuple):
    """How many resources pass filters, and the list of them."""

    label: str
    collection: str
    filters: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Return the URL of the list with these filters."""
        page = reverse(f'horizon:admin:{self.collection}:index')
        return f'{page}?{urlencode(self.filters)}' if self.filters else page

    def read(self, request: http.HttpRequest) -> str:
        """Return the number, as far as it is counted."""
        return _number(api.count(request, self.collection, **self.filters))


COUNTS = (
    Count(_('Pod managers online'), 'pod_managers', {'status': 'online'}),
    Count(_('Pod managers offline'), 'pod_managers', {'status': 'offline'}),
    Count(_('In maintenance'), 'pod_managers', {'maintenance': 'true'}),
    Count(_('Nodes'), 'nodes'),
    Count(_('Nodes with errors'), 'nodes', {'provision_state': 'error'}),
    Count(_('Leases that end'), 'nodes', {'lease_state': _ENDING}),
    Count(_('Operations under way'), 'operations', {'state': operations.OPEN}),
    Count(_('Open findings'), 'findings', {'state': 'open'}),
    Count(_('Conditions'), 'conditions'),
)
FAILED = Count(_('Failed in the last day'), 'operations', {'state': 'failed'})


def _number(count: int | None) -> str:
    if count is None:
        return str(_('Many'))
    return str(formats.number_format(count, force_grouping=True))


class Day(NamedTuple):
    """What was on a day.

    :param capacity: a bar of each amount, or a sign that it is not known.
    :param hours: a bar of the core hours that nodes used.
    """

    date: datetime.date
    capacity: list[str]
    hours: str


class Summary(live.View, views.HorizonTemplateView):
    """Numbers, each with a link to the list of what it counts."""

    template_name = 'valence/summary.html'
    page_title = _('Summary')

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the numbers.

        Past days do not change while the page is open.
        """
        context = super().get_context_data(**kwargs)
        try:
            context['counts'] = [
                *((one, one.read(self.request)) for one in COUNTS),
                (FAILED, _failed(self.request)),
            ]
            capacity = api.client(self.request).get_capacity().api_fields()
            context['bars'] = tabs.bars(capacity)
            if not live.is_update(self.request):
                context['amounts'] = map(fields.label, _AMOUNTS)
                context['days'] = _days(self.request)
        except Error:
            messages.show_error(self.request)
        return context


def _failed(request: http.HttpRequest) -> str:
    """Return how many operations failed within a day."""
    found = api.list_resources(
        request,
        'operations',
        _MOST_FAILED,
        **FAILED.filters,
        sort_key='created_at',
        sort_dir='desc',
        fields='uuid,finished_at',
    )
    since = timezone.now() - _DAY
    ends = (dateparse.parse_datetime(one.finished_at or '') for one in found)
    number = sum(end is not None and end > since for end in ends)
    return f'{number}+' if number == _MOST_FAILED else str(number)


def _days(request: http.HttpRequest) -> list[Day]:
    """Return the last days, the oldest first."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - n * _DAY for n in range(_DAYS)][::-1]
    hours = [_core_hours(request, day) for day in days]
    most = max(hours)
    return [
        Day(
            day.date(),
            _capacity(request, day),
            fields.bar(amount, most, _number(amount)),
        )
        for day, amount in zip(days, hours, strict=True)
    ]


def _capacity(request: http.HttpRequest, day: datetime.datetime) -> list[str]:
    """Return bars of the capacity as it was sampled last on a day."""
    found = api.list_resources(
        request,
        'capacity_samples',
        1,
        taken_at=f'lt:{(day + _DAY).isoformat()}',
        sort_key='taken_at',
        sort_dir='desc',
    )
    amounts: dict[str, dict[str, int]] = {}
    # The newest may be of an earlier day.
    for sample in found:
        if dateparse.parse_datetime(sample.taken_at) >= day:
            amounts = {
                name: {
                    'total': getattr(sample, name),
                    'free': getattr(sample, f'free_{name}'),
                    'held': getattr(sample, f'held_{name}'),
                }
                for name in _AMOUNTS
            }
    return [fields.capacity_bar(amounts.get(one), one) for one in _AMOUNTS]


def _core_hours(request: http.HttpRequest, day: datetime.datetime) -> int:
    found = api.client(request).get_usage(
        start=day.isoformat(),
        end=(day + _DAY).isoformat(),
        group_by='kind',
    )
    return round(
        sum(
            one['core_seconds']
            for one in found
            if one.get('kind') not in _UNUSED
        )
        / 3600
    )
