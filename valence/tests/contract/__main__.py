# SPDX-License-Identifier: Apache-2.0
"""Test whether a driver fulfils the contract on an endpoint."""

import argparse
import sys
import unittest

from valence import conf  # noqa: F401 - declares the options
from valence.podmanagers import loader
from valence.tests.contract import endpoints
from valence.tests.contract import faults
from valence.tests.contract import suite


def parser():
    """The options of the command."""
    parser = argparse.ArgumentParser(
        prog='python -m valence.tests.contract',
        description='Test whether a driver fulfils the contract. Nodes are '
        'composed on the endpoint, and released again.',
    )
    add = parser.add_argument
    add('driver', help='name of the entry point in valence.pod_managers')
    add('url', help='URL of the endpoint')
    add('--username')
    add('--password')
    add('--auth-type', choices=('session', 'basic'), default='session')
    add('--insecure', action='store_true', help='accept any certificate')
    add('--ca-cert', type=argparse.FileType(), help='PEM file to trust')
    add(
        '--faults',
        action='store_true',
        help='put a proxy in front of the endpoint that injects faults',
    )
    add(
        '--pooled',
        type=int,
        default=2,
        help='number of devices to compose a node with',
    )
    add(
        '-k',
        dest='patterns',
        action='append',
        help='run only tests whose name contains this',
    )
    return parser


def suite_of(options):
    """The contract as tests of one driver on one endpoint."""
    drivers = loader.drivers()
    if options.driver not in drivers:
        raise SystemExit(f'{options.driver} is none of {", ".join(drivers)}')

    class Contract(suite.Contract):
        driver_class = drivers[options.driver]
        pooled = options.pooled
        sessions = options.auth_type == 'session'
        remote = options.url.startswith('http')

        @classmethod
        def endpoint(cls):
            remote = endpoints.Remote(
                options.url,
                options.username,
                options.password,
                auth_type=options.auth_type,
                insecure=options.insecure,
                ca_cert=options.ca_cert and options.ca_cert.read(),
            )
            return faults.Proxied(remote) if options.faults else remote

    loader_ = unittest.TestLoader()
    loader_.testNamePatterns = [f'*{p}*' for p in options.patterns or ()]
    loader_.testNamePatterns = loader_.testNamePatterns or None
    return loader_.loadTestsFromTestCase(Contract)


def main():
    """Run the contract; the exit status."""
    options = parser().parse_args()
    runner = unittest.TextTestRunner(verbosity=2)
    return 0 if runner.run(suite_of(options)).wasSuccessful() else 1


if __name__ == '__main__':
    sys.exit(main())
