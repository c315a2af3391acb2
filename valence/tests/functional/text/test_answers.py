# SPDX-License-Identifier: Apache-2.0
"""Every text of every resource in the answers of the API."""

from valence.api import routes
from valence.tests import base
from valence.tests.fixtures import hostile

# The kinds of resources, by the path of their collection.
_COLLECTIONS = {
    path: controller.object
    for path, _, controller, methods in routes.ROUTES
    if 'list' in methods.values() and controller.object and '{' not in path
}
_PATHS = {path for path, *_ in routes.ROUTES}
# Texts that decide where the row is shown.
_FIXED = {('racks', 'type'), ('operations', 'target_type')}


class TestAnswers(base.ApiTestCase):
    """What is stored is returned unchanged, in valid JSON."""

    def setUp(self):
        super().setUp()
        hostile.fill()

    def assertTexts(self, path, rows):
        """Each field has each text in some row."""
        cls = _COLLECTIONS[path]
        self.assertTrue(rows, path)
        for name in hostile.text_fields(cls):
            if name not in rows[0] or (path, name) in _FIXED:
                continue
            seen = {
                text for row in rows for text in hostile.texts_in(row[name])
            }
            for kind, text in hostile.TEXTS.items():
                shown = hostile.beginning(text)
                self.assertTrue(
                    any(shown in one for one in seen), (path, name, kind)
                )

    def test_collections(self):
        for path in _COLLECTIONS:
            rows = self.client.all(f'/v1/{path}?limit=10')
            self.assertTexts(path, rows)

    def test_resources(self):
        for path in _COLLECTIONS:
            if f'{path}/{{id}}' in _PATHS:
                rows = [
                    self.client.get(f'/v1/{path}/{row["uuid"]}')
                    for row in self.client.all(f'/v1/{path}?fields=uuid')
                ]
                self.assertTexts(path, rows)
                # Nothing that was declared is left out.
                missing = hostile.text_fields(_COLLECTIONS[path]) - {*rows[0]}
                self.assertEqual(set(), missing, path)

    def test_what_belongs_to_resources(self):
        for path, collection in (
            ('pod_managers/{}/topology', 'pod_managers'),
            ('pod_managers/{}/access', 'pod_managers'),
            ('nodes/{}/storages', 'nodes'),
        ):
            seen = [
                text
                for row in self.client.all(f'/v1/{collection}?fields=uuid')
                for text in hostile.texts_in(
                    self.client.get(f'/v1/{path.format(row["uuid"])}')
                )
            ]
            for kind, text in hostile.TEXTS.items():
                shown = hostile.beginning(text)
                self.assertTrue(
                    any(shown in one for one in seen), (path, kind)
                )
