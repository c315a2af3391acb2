# SPDX-License-Identifier: Apache-2.0
"""The contract of drivers, ``podmanagers.base``, as tests.

One command tests a driver, without any code::

    python -m valence.tests.contract mydriver http://127.0.0.1:8080 \\
        --username admin --password secret

``mydriver`` is the name of its entry point. Use an endpoint for tests: nodes
are composed on it and released. With ``--faults`` a proxy in front of it
injects every fault that was ever seen into requests and responses; without it,
these tests are skipped. Use ``--auth-type basic`` for a driver that
authenticates every request.

In your own test suite, derive from ``suite.Contract``::

    from valence.tests.contract import endpoints
    from valence.tests.contract import suite

    class MyDriverTestCase(suite.Contract):
        driver_class = MyDriver

        @classmethod
        def endpoint(cls):
            return endpoints.Remote('http://127.0.0.1:8080', 'admin', 'x')

Tests of what a driver does not support are skipped, by its capabilities.
"""
