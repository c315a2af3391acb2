# SPDX-License-Identifier: Apache-2.0
"""Every text that a request can set: accepted as it is, or refused."""

from valence import objects
from valence.tests import base
from valence.tests.fixtures import hostile

# What a request to create one of them has to have.
_REQUIRED = {
    objects.PodManager: {'name': 'pod', 'url': 'http://127.0.0.1:1'},
    objects.Flavor: {'name': 'flavor', 'properties': {}},
    objects.Node: {'name': 'node'},
}
# Resources that are created in another way, or only where there is another.
_OTHERS = {
    *(objects.PodManagerAccess, objects.Hold, objects.Condition),
    objects.Pool,
}


def _fields(cls, api):
    """The fields of requests that hold text, and what requests call them."""
    for name, field in cls.fields.items():
        if api in field.api and (
            name in hostile.text_fields(cls) or field.secret
        ):
            yield name, field


class TestRequests(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.refused = self.taken = 0

    def send(self, method, path, name, text, schema):
        """Set a field; the text is unchanged, or the 400 names the field."""
        value = hostile.sample(schema, text)
        body = {name: value}
        if method == 'POST':
            (required,) = (
                body
                for cls, body in _REQUIRED.items()
                if path == f'/v1/{cls.RESOURCE}'
            )
            # The release of a node takes longer than this test.
            body = {**required, 'name': f'new-{self.taken}', **body}
        answer = self.client.request(method, path, body)
        if answer.status == 400:
            self.refused += 1
            self.assertRegex(answer.error['detail'], f'{name}|not valid JSON')
            return
        self.assertIn(answer.status, (200, 201, 202), (body, answer))
        self.taken += 1
        if name in answer.json:
            shown = [*hostile.texts_in(answer.json[name])]
            where = (path, name, value)
            # Names of properties may be replaced by newer ones.
            known = hostile.texts_in(hostile.sample(schema, ''))
            given = {*hostile.texts_in(value)} - {*known}
            self.assertLessEqual(given, {*shown}, where)
            # What storage would replace is refused instead.
            self.assertIn(text[:64], {one[:64] for one in shown}, where)
        if method == 'POST':
            self.assertLess(
                self.client.request(
                    'DELETE', f'{path}/{answer.json["uuid"]}'
                ).status,
                300,
            )

    def test_every_resource_that_can_be_created(self):
        self.assertEqual(
            {*_REQUIRED} | _OTHERS,
            {
                cls
                for cls in objects.ALL
                if any('c' in field.api for field in cls.fields.values())
            },
        )

    def test_create(self):
        for cls in _REQUIRED:
            for name, field in _fields(cls, 'c'):
                for text in hostile.TEXTS.values():
                    path = f'/v1/{cls.RESOURCE}'
                    self.send('POST', path, name, text, field.schema())
        self.assertLess(0, self.refused)
        self.assertLess(0, self.taken)

    def test_update(self):
        for cls, body in _REQUIRED.items():
            made = self.client.post(f'/v1/{cls.RESOURCE}', body)
            path = f'/v1/{cls.RESOURCE}/{made["uuid"]}'
            for name, field in _fields(cls, 'u'):
                for text in hostile.TEXTS.values():
                    self.send('PATCH', path, name, text, field.schema())
        self.assertLess(0, self.refused)
        self.assertLess(0, self.taken)
