# SPDX-License-Identifier: Apache-2.0
"""The wizard that composes a node."""

from typing import Any

from django import forms as django_forms
from django import http
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import forms
from horizon import messages as horizon_messages
from horizon import workflows
from openstack_dashboard import policy
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import choices
from valence_dashboard import fields
from valence_dashboard import forms as base
from valence_dashboard import requirements
from valence_dashboard.exceptions import Error
from valence_dashboard.project.nodes import composing
from valence_dashboard.project.nodes import tables as node_tables

_SCHEMA = schema.body('post', 'nodes')['properties']
#: What the form has in addition to the request to the API.
EXTRAS = ('count', 'replaces')
# The kinds of affinity, with their labels.
_AFFINITIES = {
    'with:rack': _('In the same rack as'),
    'against:rack': _('In a different rack than'),
    'with:pod_manager': _('On the same pod manager as'),
    'against:pod_manager': _('On a different pod manager than'),
}


class _StepForm(workflows.Action):
    """The form of a step."""

    def __init__(
        self, request: http.HttpRequest, context: Any, *args: Any
    ) -> None:
        super().__init__(request, context, *args)
        for name, one in self.fields.items():
            # A request may name what the form chooses by UUID.
            if isinstance(one, django_forms.ChoiceField):
                uuids = {str(label): value for value, label in one.choices}
                self._replace(name, uuids)

    def _replace(self, name: str, uuids: dict[str, str]) -> None:
        given = self.initial.get(name)
        if isinstance(given, list):
            self.initial[name] = [uuids.get(each, each) for each in given]
        elif given:
            self.initial[name] = uuids.get(given, given)

    def shows(self, name: str) -> bool:
        """Return whether the form has a field that can have its value."""
        one, value = self.fields[name], self.initial[name]
        if isinstance(one, forms.BooleanField):
            return isinstance(value, bool)
        if not isinstance(one, django_forms.ChoiceField):
            return True
        known = {each for each, _label in one.choices}
        return known.issuperset(value if isinstance(value, list) else [value])

    def to_body(self) -> dict[str, Any]:
        """Return the valid fields as a part of the request body."""
        self.is_valid()
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in ('', None, False, [])
        }


class NodeForm(_StepForm):
    """Name, description and flavor."""

    flavor = forms.ChoiceField(
        label=_('Flavor'),
        required=False,
        help_text=_('The hardware of the node.'),
    )

    hold = forms.ChoiceField(
        label=_('Hold'),
        required=False,
        help_text=fields.translated(_SCHEMA['hold']['description']),
    )

    count = forms.IntegerField(
        label=_('Number of nodes'),
        initial=1,
        min_value=1,
        max_value=composing.MOST,
        required=False,
        help_text=_('Several nodes get the name with -1, -2 and so on.'),
    )
    replaces = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        name = _('Node')
        slug = 'node'

    def __init__(
        self, request: http.HttpRequest, context: Any, *args: Any
    ) -> None:
        super().__init__(request, context, *args)
        named = {
            name: base.field(name, _SCHEMA[name], name == 'name')
            for name in ('name', 'description')
        }
        until = base.field('lease_until', _SCHEMA['lease_until'], False)
        end = base.field('lease_end', _SCHEMA['lease_end'], False)
        end.choices = [('', _('Default')), *end.choices]
        self.fields = {
            **named,
            'count': self.fields['count'],
            **self.fields,
            **{'lease_until': until, 'lease_end': end},
        }
        if policy.check(node_tables.REGISTER, request):
            self.fields['register'] = forms.BooleanField(
                label=_('Register with Ironic'),
                required=False,
                help_text=fields.translated(
                    _SCHEMA['register']['description']
                ),
            )

    def populate_flavor_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """Return the flavors that the project can use."""
        return choices.of(
            *(request, 'flavors'),
            ('', _('None (specify requirements)')),
        )

    def populate_hold_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """Return the holds of the project that keep something."""
        query = {'state': 'active', 'project_id': request.user.project_id}
        return choices.of(request, 'holds', ('', _('None')), **query)


class HardwareForm(_StepForm):
    """The hardware requirements."""

    class Meta:
        name = _('Hardware')
        slug = 'hardware'

    def __init__(
        self, request: http.HttpRequest, context: Any, *args: Any
    ) -> None:
        super().__init__(request, context, *args)
        self.requirements = requirements.Requirements(
            _SCHEMA['properties'], context.get('properties'), self.data
        )
        self.fields.update(self.requirements.fields())

    def groups(self) -> list[dict[str, Any]]:
        """Return the fields in the order of the page."""
        return self.requirements.groups(self)

    def suggestions(self) -> list[dict[str, Any]]:
        """Return the texts that the page suggests for requirements."""
        return requirements.suggestions(self.request)

    def to_body(self) -> dict[str, Any]:
        """Return the requirements, even if there are none."""
        return {
            'properties': self.requirements.to_properties(super().to_body())
        }


class ExactHardwareForm(_StepForm):
    """Exact systems and devices, for users who may choose them."""

    resources = forms.CharField(
        label=_('Systems and devices'),
        required=False,
        widget=forms.Textarea(attrs={'rows': 6}),
        help_text=fields.translated(_SCHEMA['resources']['description']),
    )

    class Meta:
        name = _('Exact Hardware')
        slug = 'exact'
        policy_rules = node_tables.CHOOSE

    def clean_resources(self) -> list[str]:
        """Return the resources, one per line."""
        lines = self.cleaned_data['resources'].splitlines()
        return [line.strip() for line in lines if line.strip()]


class PlacementForm(_StepForm):
    """The pod manager and the affinity."""

    pod_manager = forms.ChoiceField(label=_('Pod manager'), required=False)
    relation = forms.ChoiceField(
        label=_('Affinity'),
        required=False,
        help_text=fields.translated(_SCHEMA['affinity']['description']),
    )
    others = forms.MultipleChoiceField(
        label=_('Other nodes'),
        required=False,
        widget=forms.SelectMultiple(attrs={'size': 6}),
    )

    class Meta:
        name = _('Placement')
        slug = 'placement'

    def populate_pod_manager_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """Return the pod managers that the project can use."""
        return choices.of(request, 'pod_managers', ('', _('Any')))

    def populate_relation_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """Return the kinds of affinity."""
        return [('', _('None')), *_AFFINITIES.items()]

    def populate_others_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """Return the nodes of the project."""
        return choices.of(request, 'nodes', project_id=request.user.project_id)

    def clean(self) -> dict[str, Any]:
        """Check that an affinity has nodes."""
        data: dict[str, Any] = super().clean()
        if data.get('relation') and not data.get('others'):
            self.add_error('others', _('Select at least one node.'))
        return data

    def to_body(self) -> dict[str, Any]:
        """Return the pod manager and the affinity."""
        values = super().to_body()
        relation, others = values.pop('relation', ''), values.pop('others', [])
        if relation and others:
            kind, _separator, scope = relation.partition(':')
            values['affinity'] = {'scope': scope, kind: others}
        return values


# The query of the page can set what a step contributes.


class NodeStep(workflows.Step):
    action_class = NodeForm
    contributes = (
        *('name', 'description', 'count', 'replaces', 'flavor', 'hold'),
        *('lease_until', 'lease_end', 'register'),
    )
    template_name = 'valence/_step.html'


class HardwareStep(workflows.Step):
    action_class = HardwareForm
    contributes = ('properties',)
    template_name = 'valence/_requirements.html'


class ExactHardwareStep(workflows.Step):
    action_class = ExactHardwareForm
    contributes = ('resources',)
    template_name = 'valence/_exact.html'


class PlacementStep(workflows.Step):
    action_class = PlacementForm
    contributes = ('pod_manager', 'relation', 'others')
    template_name = 'valence/_step.html'


class Compose(workflows.Workflow):
    """The wizard."""

    slug = 'compose'
    name = _('Compose Node')
    finalize_button_name = _('Compose')
    success_message = _('Composing the node.')
    success_url = 'horizon:project:nodes:index'
    default_steps = (NodeStep, HardwareStep, ExactHardwareStep, PlacementStep)
    wizard = True

    def forms(self) -> list[_StepForm]:
        """Return the forms of the steps; each is created on first use."""
        return [step.action for step in self.steps]

    def values(self) -> dict[str, Any]:
        """Return the valid values of all steps."""
        values: dict[str, Any] = {}
        for action in self.forms():
            values |= action.to_body()
        return values

    def body(self) -> dict[str, Any]:
        """Return the request body with the most specific hardware."""
        body = self.values()
        for name in EXTRAS:
            body.pop(name, None)
        kinds = ('hold', 'resources', 'flavor', 'properties')
        _most_specific, *rest = (kind for kind in kinds if kind in body)
        for kind in rest:
            del body[kind]
        if 'hold' in body:
            # It says where the node is composed, too.
            for kind in ('pod_manager', 'affinity'):
                body.pop(kind, None)
        return body

    def unshown(self, initial: dict[str, Any]) -> list[str]:
        """Return the names of the initial values that no step shows."""
        shown = {
            name
            for action in self.forms()
            for name in action.fields.keys() & initial.keys()
            if action.shows(name)
        }
        given = {name for name, value in initial.items() if value}
        return sorted(given - shown - {'properties'})

    def form_errors(self) -> list[str]:
        """Return the errors of the form, except for a missing name."""
        return [
            f'{action.fields[name].label}: {message}'
            for action in self.forms()
            for name, messages in action.errors.items()
            if name in action.fields and name != 'name'
            for message in messages
        ]

    def handle(self, request: http.HttpRequest, context: Any) -> bool:
        """Send the requests; show on the page why none was accepted."""
        values, body = self.values(), self.body()
        count = values.get('count', 1)
        client = api.client(request)
        try:
            composing.delete_failed(client, values.get('replaces'))
        except Error as exc:
            self.steps[0].add_step_error(str(exc))
            raise django_forms.ValidationError(str(exc)) from exc
        made, failed = composing.compose(client, body, count)
        if not made:
            first = next(iter(failed.values()))
            if count == 1 or len({*map(str, failed.values())}) == 1:
                self._add_error(first)
            else:
                self.steps[0].add_step_error(composing.describe(failed))
            raise django_forms.ValidationError(str(first)) from first
        if count == 1:
            self.success_url = reverse(node_tables.DETAIL, args=made)
            return True
        self.success_message = ngettext_lazy(
            'Composing %d node.', 'Composing %d nodes.', len(made)
        ) % len(made)
        if failed:
            horizon_messages.error(request, composing.describe(failed))
        return True

    def _add_error(self, exc: Error) -> None:
        """Show an error at its field, or at the first step."""
        for step in self.steps:
            name, reason = base.field_error(exc, step.action.fields)
            if name:
                step.action.add_error(name, reason)
                step.has_errors = True  # the page opens this step
                return
        self.steps[0].add_step_error(str(exc))
