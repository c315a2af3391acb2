# SPDX-License-Identifier: Apache-2.0
"""What every driver has to keep: ``podmanagers.base``, told as tests.

A driver of your own is tested by one command, without a line of code::

    python -m valence.tests.contract mydriver http://127.0.0.1:8080 \\
        --username admin --password secret

``mydriver`` is the name of its entry point. The endpoint should be one to try
things out on: nodes are composed there and taken apart. With ``--faults`` a
proxy before the endpoint spoils requests and answers in every way that was
ever seen; without it those tests are skipped. A driver that logs in with every
request is tested with ``--auth-type basic``.

In a test-suite of your own, derive from ``suite.Contract``::

    from valence.tests.contract import endpoints
    from valence.tests.contract import suite

    class MyDriverTestCase(suite.Contract):
        driver_class = MyDriver

        @classmethod
        def endpoint(cls):
            return endpoints.Remote('http://127.0.0.1:8080', 'admin', 'x')

A test that cannot hold for a driver is skipped by its capabilities; nothing
is to be overridden.
"""
