# SPDX-License-Identifier: Apache-2.0
"""Where a pod manager shows a node."""

from oslo_log import log

from valence.common import exception
from valence.conductor import states
from valence.conductor.actions import steps
from valence.conductor.engine.run import Run
from valence.conductor.inventory import diff
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects.node import CHANGED_HARDWARE

LOG = log.getLogger(__name__)


def store(
    tx: db.Transaction,
    run: Run,
    result: steps.ComposedResult,
    **values: object,
) -> None:
    """Store where the pod manager shows the node of an operation.

    A URI is used again: a node that had it before is not there any more.

    :param values: other columns of the node.
    """
    uri = result['uri']
    uri_hash = diff.uri_hash(uri)
    former = tx.get(
        models.Node,
        models.Node.uuid != run.target,
        podm_uuid=run.podm_uuid,
        uri_hash=uri_hash,
    )
    if former is not None:
        LOG.warning('%s is not node %s any more', uri, former.uuid)
        text = 'the pod manager has used the URI of the node again'
        states.fail_node(
            tx,
            former.uuid,
            exception.ErrorText(f'{text}: {uri}', text),
            fault=CHANGED_HARDWARE,
            resource_uri=None,
            uri_hash=None,
            index=None,
        )
    where = {'resource_uri': uri, 'uri_hash': uri_hash}
    tx.update(
        models.Node,
        {**where, 'index': result['index'], **values},
        uuid=run.target,
    )
