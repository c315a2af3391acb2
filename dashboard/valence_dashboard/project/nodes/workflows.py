# SPDX-License-Identifier: Apache-2.0
"""Composing a node, step by step."""

from typing import Any

from django import forms as django_forms
from django import http
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from horizon import forms
from horizon import workflows
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import forms as base
from valence_dashboard import tables
from valence_dashboard.exceptions import Error
from valence_dashboard.project.nodes import tables as node_tables

_SCHEMA = schema.body('post', 'nodes')
_REQUIREMENTS = base.Requirements(_SCHEMA['properties']['properties'])
_CHOICES = 1000  # more than can be chosen from on one page


def _choices(
    request: http.HttpRequest, collection: str, first: Any
) -> list[tuple[str, Any]]:
    """What a field offers of a collection, after the one that is usual."""
    try:
        found = api.many(request, collection, _CHOICES, sort_key='name')
    except Error:
        tables.tell(request)
        found = []
    return [('', first)] + [
        (record.id, f'{record.name} ({record.status})')
        if record.status not in (None, 'online')
        else (record.id, record.name)
        for record in found
    ]


class WhatAction(workflows.Action):
    """How the node is called, and the flavor."""

    flavor = forms.ThemableChoiceField(
        label=_('Flavor'),
        required=False,
        help_text=_('Says what hardware it is made of.'),
    )

    class Meta:
        name = _('Node')
        slug = 'what'

    def __init__(self, request: http.HttpRequest, *args: Any) -> None:
        super().__init__(request, *args)
        named = {
            name: base.field(name, _SCHEMA['properties'][name], name == 'name')
            for name in ('name', 'description')
        }
        self.fields = {**named, **self.fields}

    def populate_flavor_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """The flavors that the project may use."""
        return _choices(
            request, 'flavors', _('None: say what hardware it needs')
        )


class HardwareAction(workflows.Action):
    """What hardware is wanted."""

    class Meta:
        name = _('Hardware')
        slug = 'hardware'

    def __init__(self, request: http.HttpRequest, *args: Any) -> None:
        super().__init__(request, *args)
        self.fields.update(_REQUIREMENTS.fields())

    def groups(self) -> list[dict[str, Any]]:
        """The fields in the order of the page."""
        return _REQUIREMENTS.groups(self)


class WhereAction(workflows.Action):
    """Where it is composed."""

    pod_manager = forms.ThemableChoiceField(
        label=_('Pod manager'), required=False
    )

    class Meta:
        name = _('Place')
        slug = 'where'

    def populate_pod_manager_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """The pod managers that the project may use."""
        return _choices(request, 'pod_managers', _('The best one'))


class What(workflows.Step):
    action_class = WhatAction
    template_name = 'valence/_step.html'


class Hardware(workflows.Step):
    action_class = HardwareAction
    template_name = 'valence/_requirements.html'


class Where(workflows.Step):
    action_class = WhereAction
    template_name = 'valence/_step.html'


class Compose(workflows.Workflow):
    """Composes a node."""

    slug = 'compose'
    name = _('Compose Node')
    finalize_button_name = _('Compose')
    success_message = _('Composing the node.')
    success_url = 'horizon:project:nodes:index'
    default_steps = (What, Hardware, Where)
    wizard = True

    def body(self) -> dict[str, Any]:
        """What is asked of Valence."""
        given: dict[str, Any] = {}
        for step in self.steps:
            if step.action.is_valid():
                given.update(step.action.cleaned_data)
        wanted = ('name', 'description', 'flavor', 'pod_manager')
        body = {name: given[name] for name in wanted if given.get(name)}
        if 'flavor' not in body:
            body['properties'] = _REQUIREMENTS.collect(given)
        return body

    def handle(self, request: http.HttpRequest, context: Any) -> bool:
        """Ask for it; what Valence has against it is told on the page."""
        try:
            node = api.client(request).compose_node(**self.body())
        except Error as exc:
            self.steps[0].add_step_error(str(exc))
            raise django_forms.ValidationError(str(exc)) from exc
        self.success_url = reverse(node_tables.DETAIL, args=(node.id,))
        return True
