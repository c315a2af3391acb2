# SPDX-License-Identifier: Apache-2.0
"""Random sequences of what happens to nodes, and what is left at their end."""

import random

import hypothesis
from hypothesis import stateful
from testtools import content

from valence.db import api as db
from valence.db import recount
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures


class Machine(stateful.RuleBasedStateMachine):
    """What can happen.

    :cvar case: the test case that everything happens in.
    """

    case = None

    def _rows(self, model, **where):
        with db.reader() as tx:
            return tx.list(model, order=[model.created_at], **where).all()


class SequencesTestCase(base.ConductorTestCase):
    """Runs a machine; with ``base.FULL`` on a random seed, which is attached.

    :cvar gone: the models of which no row may be left.
    """

    fixture = fixtures.Database
    gone = (models.Node, models.Allocation)

    def assertFree(self):
        """Everything is free, and counted right."""
        with db.reader() as tx:
            for model in self.gone:
                self.assertEqual(0, tx.count(model), model)
            self.assertEqual(
                self.options['fake__systems'],
                tx.count(models.System, free=True),
            )
            podm = tx.list(models.PodManager).one()
        self.assertEqual([], recount.check(podm.uuid, repair=False))

    def run_sequences(self, machine, count, steps):
        """Run so many sequences of so many steps."""
        seed = random.SystemRandom().getrandbits(32) if base.FULL else 7
        self.addDetail('seed', content.text_content(str(seed)))
        of_this_case = type(machine.__name__, (machine,), {'case': self})
        stateful.run_state_machine_as_test(
            hypothesis.seed(seed)(of_this_case),
            settings=hypothesis.settings(
                max_examples=count,
                stateful_step_count=steps,
                phases=[hypothesis.Phase.generate],
                database=None,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            ),
        )
