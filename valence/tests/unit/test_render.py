# SPDX-License-Identifier: Apache-2.0
"""Rows as JSON, by what the objects say."""

import datetime
import json
import types

from valence import objects
from valence.api import render
from valence.api import routes
from valence.common import exception
from valence.objects.fields import Audience
from valence.tests import base

_URL = 'http://192.0.2.1/composable'
_NODE = objects.Node, 1, Audience.ADMIN, _URL


class TestShown(base.TestCase):
    def test_internal_fields(self):
        for cls in objects.ALL:
            shown = render.shown(cls, 1, Audience.ADMIN, _URL)
            for name, field in cls.fields.items():
                self.assertEqual('r' in field.api, name in shown, name)

    def test_too_new(self):
        for cls in objects.ALL:
            shown = render.shown(cls, 0, Audience.ADMIN, _URL)
            self.assertLessEqual({*shown}, {render.LINKS})

    def test_each_sees_what_those_before_it_see(self):
        for cls in objects.ALL:
            seen = [set(render.shown(cls, 1, who, _URL)) for who in Audience]
            self.assertLessEqual(seen[0], seen[1])
            self.assertLessEqual(seen[1], seen[2])

    def test_fields_of_pod_managers_for_projects(self):
        self.assertEqual(
            {'uuid', 'name', 'status', 'location', 'links'},
            {*render.shown(objects.PodManager, 1, Audience.PROJECT, _URL)},
        )

    def test_projects_see_another_error_text(self):
        for cls, name in (
            (objects.Node, 'last_error'),
            (objects.Operation, 'error'),
        ):
            columns = [
                render.shown(cls, 1, who, _URL)[name].column
                for who in Audience
            ]
            self.assertEqual([f'user_{name}', name, name], columns)


class TestSelected(base.TestCase):
    def test_chosen(self):
        self.assertEqual(
            ['name', 'uuid'],
            [*render.selected(*_NODE, 'name,uuid,name')],
        )

    def test_refused(self):
        for names in ('', 'uuid,', ',', 'nothing', 'scope', ' uuid'):
            self.assertRaises(
                exception.Invalid,
                render.selected,
                *_NODE,
                names,
            )


class TestDumps(base.TestCase):
    def test_times_bear_a_zone(self):
        moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 6)
        self.assertEqual(
            {'at': '2026-01-02T03:04:05.000006Z'},
            json.loads(render.dumps({'at': moment})),
        )

    def test_record(self):
        row = types.SimpleNamespace(_mapping={'a': 1, 'b': 2, 'c': 3})
        self.assertEqual(
            {'c': 3, 'a': 2},
            render.record(
                row, {'c': render.Source('c'), 'a': render.Source('b')}
            ),
        )

    def test_rendered_as_text(self):
        names = render.selected(*_NODE, 'drift')
        for stored, text in ((None, None), ({'lost': ['/1']}, 'lost /1')):
            row = types.SimpleNamespace(_mapping={'drift': stored})
            self.assertEqual({'drift': text}, render.record(row, names))

    def test_links(self):
        names = render.selected(*_NODE, 'links')
        row = types.SimpleNamespace(_mapping={'uuid': 'x'})
        self.assertEqual(['uuid'], render.columns(names))
        self.assertEqual(
            [
                {'rel': 'self', 'href': f'{_URL}/v1/nodes/x'},
                {'rel': 'bookmark', 'href': f'{_URL}/nodes/x'},
            ],
            render.record(row, names)['links'],
        )

    def test_what_has_a_path_has_links(self):
        paths = {path for path, *_ in routes.ROUTES}
        for cls in objects.ALL:
            has_path = f'{cls.RESOURCE}/{{id}}' in paths
            self.assertEqual(has_path, cls.LINKED, cls)
            shown = render.shown(cls, 1, Audience.PROJECT, _URL)
            self.assertEqual(has_path, 'links' in shown, cls)
