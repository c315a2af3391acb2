# SPDX-License-Identifier: Apache-2.0
import json
import urllib.request

from valenceclient import schema
from valenceclient.tests.functional import base


class Schema(base.TestCase):
    def test_document_matches_the_service(self):
        with urllib.request.urlopen(f'{self.url}/v1/openapi.json') as answer:
            served = json.load(answer)
        self.assertTrue(
            served == schema.document(),
            'valenceclient/openapi.json is stale; run "make samples"',
        )
