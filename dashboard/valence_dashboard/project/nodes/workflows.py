# SPDX-License-Identifier: Apache-2.0
"""Composing a node, step by step."""

from typing import Any

from django import forms as django_forms
from django import http
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from horizon import forms
from horizon import workflows
from openstack_dashboard import policy
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import forms as base
from valence_dashboard import tables
from valence_dashboard.exceptions import Error
from valence_dashboard.project.nodes import tables as node_tables

_SCHEMA = schema.body('post', 'nodes')['properties']
_CHOICES = 1000  # more than can be chosen from on one page
# How a node may lie to others, in the words of the API and of the page.
_RELATIONS = {
    'with:rack': _('In the same rack as'),
    'against:rack': _('In other racks than'),
    'with:pod_manager': _('On the same pod manager as'),
    'against:pod_manager': _('On other pod managers than'),
}


def _choices(
    request: http.HttpRequest,
    collection: str,
    *first: tuple[str, Any],
    **query: Any,
) -> list[tuple[str, Any]]:
    """What a field offers of a collection, after what is usual."""
    try:
        found = api.many(
            request, collection, _CHOICES, sort_key='name', **query
        )
    except Error:
        tables.tell(request)
        found = []
    return [*first] + [
        (record.id, f'{record.name} ({record.status})')
        if record.status not in (None, 'online')
        else (record.id, record.name)
        for record in found
    ]


class _Action(workflows.Action):
    """What a step asks for."""

    def asked(self) -> dict[str, Any]:
        """What the fields that are right say, as the API wants it."""
        self.is_valid()
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in ('', None, False, [])
        }


class WhatAction(_Action):
    """How the node is called, and the flavor."""

    flavor = forms.ChoiceField(
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
            name: base.field(name, _SCHEMA[name], name == 'name')
            for name in ('name', 'description')
        }
        self.fields = {**named, **self.fields}
        if policy.check(node_tables.REGISTER, request):
            self.fields['register'] = forms.BooleanField(
                label=_('Register with Ironic'),
                required=False,
                help_text=_SCHEMA['register']['description'],
            )

    def populate_flavor_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """The flavors that the project may use."""
        return _choices(
            *(request, 'flavors'),
            ('', _('None: say what hardware it needs')),
        )


class HardwareAction(_Action):
    """What hardware is wanted."""

    class Meta:
        name = _('Hardware')
        slug = 'hardware'

    def __init__(self, request: http.HttpRequest, *args: Any) -> None:
        super().__init__(request, *args)
        self.requirements = base.Requirements(
            _SCHEMA['properties'], data=self.data
        )
        self.fields.update(self.requirements.fields())

    def groups(self) -> list[dict[str, Any]]:
        """The fields in the order of the page."""
        return self.requirements.groups(self)

    def asked(self) -> dict[str, Any]:
        """The requirements, be there any or none."""
        return {'properties': self.requirements.collect(super().asked())}


class ExactAction(_Action):
    """What hardware exactly is wanted, for those who may choose it."""

    resources = forms.CharField(
        label=_('Systems and devices'),
        required=False,
        widget=forms.Textarea(attrs={'rows': 6}),
        help_text=_SCHEMA['resources']['description'],
    )

    class Meta:
        name = _('Exact Hardware')
        slug = 'exact'
        policy_rules = node_tables.CHOOSE

    def clean_resources(self) -> list[str]:
        """One in a line."""
        lines = self.cleaned_data['resources'].splitlines()
        return [line.strip() for line in lines if line.strip()]


class WhereAction(_Action):
    """Where it is composed."""

    pod_manager = forms.ChoiceField(label=_('Pod manager'), required=False)
    relation = forms.ChoiceField(
        label=_('Place beside other nodes'),
        required=False,
        help_text=_SCHEMA['affinity']['description'],
    )
    others = forms.MultipleChoiceField(
        label=_('Other nodes'),
        required=False,
        widget=forms.SelectMultiple(attrs={'size': 6}),
    )

    class Meta:
        name = _('Place')
        slug = 'where'

    def populate_pod_manager_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """The pod managers that the project may use."""
        return _choices(request, 'pod_managers', ('', _('The best one')))

    def populate_relation_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """How it may lie to others."""
        return [('', _('Does not matter')), *_RELATIONS.items()]

    def populate_others_choices(
        self, request: http.HttpRequest, context: Any
    ) -> list[tuple[str, Any]]:
        """The nodes of the project."""
        return _choices(request, 'nodes', project_id=request.user.project_id)

    def clean(self) -> dict[str, Any]:
        """A relation is one to something."""
        data: dict[str, Any] = super().clean()
        if data.get('relation') and not data.get('others'):
            self.add_error('others', _('Choose at least one node.'))
        return data

    def asked(self) -> dict[str, Any]:
        """The pod manager, and what lies beside it."""
        given = super().asked()
        relation, others = given.pop('relation', ''), given.pop('others', [])
        if relation and others:
            kind, _colon, scope = relation.partition(':')
            given['affinity'] = {'scope': scope, kind: others}
        return given


# What a step contributes may be given in the address of the page.


class What(workflows.Step):
    action_class = WhatAction
    contributes = ('flavor',)
    template_name = 'valence/_step.html'


class Hardware(workflows.Step):
    action_class = HardwareAction
    template_name = 'valence/_requirements.html'


class Exact(workflows.Step):
    action_class = ExactAction
    contributes = ('resources',)
    template_name = 'valence/_exact.html'


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
    default_steps = (What, Hardware, Exact, Where)
    wizard = True

    def actions(self) -> list[_Action]:
        """What the steps ask for; each is made when it is wanted first."""
        return [step.action for step in self.steps]

    def body(self) -> dict[str, Any]:
        """What is asked of Valence: what is said most exactly counts."""
        body: dict[str, Any] = {}
        for action in self.actions():
            body |= action.asked()
        kinds = ('resources', 'flavor', 'properties')
        _chosen, *rest = (kind for kind in kinds if kind in body)
        for kind in rest:
            del body[kind]
        return body

    def mistakes(self) -> list[str]:
        """What is wrong with the form so far; a name may come later."""
        return [
            f'{action.fields[name].label}: {message}'
            for action in self.actions()
            for name, messages in action.errors.items()
            if name in action.fields and name != 'name'
            for message in messages
        ]

    def handle(self, request: http.HttpRequest, context: Any) -> bool:
        """Ask for it; what Valence has against it is told on the page."""
        try:
            node = api.client(request).compose_node(**self.body())
        except Error as exc:
            self._refused(exc)
            raise django_forms.ValidationError(str(exc)) from exc
        self.success_url = reverse(node_tables.DETAIL, args=(node.id,))
        return True

    def _refused(self, exc: Error) -> None:
        """Tell it where it was said, or at the beginning."""
        for step in self.steps:
            name, reason = base.blamed(exc, step.action.fields)
            if name:
                step.action.add_error(name, reason)
                step.has_errors = True  # the page begins with it
                return
        self.steps[0].add_step_error(str(exc))
