# SPDX-License-Identifier: Apache-2.0
"""What commands wrote is reported with the failure of their test."""

import testtools

from valence.tests import base
from valence.tests.fixtures import processes


class TestOutputs(base.TestCase):
    def failure(self, function):
        """How a test fails, as the runner reports it.

        :param function: is called with the test case.
        """

        class Case(base.TestCase):
            def test_it(self):
                function(self)

        result = testtools.TestResult()
        Case('test_it').run(testtools.ExtendedToOriginalDecorator(result))
        ((_, text),) = result.failures + result.errors
        return text

    def test_of_one_that_is_cleaned_up_before(self):
        def fail(case):
            process = processes.Process('valence-manage', 'no-such-command')
            with process:
                case.addDetail(
                    'output', process.getDetails()['valence-manage']
                )
                process.finish()
            case.fail('after that')

        text = self.failure(fail)
        self.assertIn('after that', text)
        self.assertIn('no-such-command', text)

    def test_of_one_that_serves_several_tests(self):
        """Its directory is not that of the test that started it."""
        process = processes.Process('valence-manage', 'no-such-command')
        self.addCleanup(process.cleanUp)

        class First(base.TestCase):
            def test_it(self):
                process.setUp()
                process.finish()

        self.assertTrue(First('test_it').run().wasSuccessful())
        self.assertIn('no-such-command', process.output())

    def test_of_one_that_does_not_become_ready(self):
        def fail(case):
            case.useFixture(
                processes.Process('valence-manage', 'nothing', ready='ready')
            )

        self.assertIn("invalid choice: 'nothing'", self.failure(fail))
