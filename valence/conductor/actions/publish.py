# SPDX-License-Identifier: Apache-2.0
"""Publishing a flavor in Nova, and the reverse.

``published_at`` is set by the request, before Nova may know the flavor, and
cleared once Nova certainly has none of this Valence.
"""

from typing import ClassVar
from typing import TypedDict

from oslo_config import cfg

from valence.common import exception
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import AnyStep
from valence.conductor.engine.model import R
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.podmanagers.progress import Deadline
from valence.provisioning.nova import flavors
from valence.provisioning.nova import wanted


class PublishParams(TypedDict):
    """The parameters of publishing a flavor.

    :param resource_class: of its nodes; None: the default.
    :param traits: of its nodes, besides those that the flavor requires.
    :param again: whether it was published before.
    """

    resource_class: str | None
    traits: list[str]
    again: bool


class _NovaStep(Step[R]):
    """A step that times out after [provisioning] timeout."""

    def timeout(self, run: Run) -> float:
        return float(cfg.CONF.provisioning.timeout)


def _deadline(run: Run) -> Deadline:
    return run.idempotent(cfg.CONF.nova.timeout)


def _clear(tx: db.Transaction, uuid: str) -> None:
    tx.update(models.Flavor, {'published_at': None}, uuid=uuid)


class PublishedResult(TypedDict):
    """:param name: the name of the flavor in Nova."""

    name: str


class PublishFlavor(_NovaStep[PublishedResult]):
    """Create the flavor in Nova, or bring it up to date there."""

    name = 'publish_flavor'

    def do(self, run: Run) -> PublishedResult:
        row = db.get(models.Flavor, uuid=run.target)
        if row is None:
            raise exception.ResourceGone(uri=f'the flavor {run.target}')
        params = run.params(PublishParams)
        flavor = wanted.flavor(
            dict(db.mapping(row)),
            installation.mark(row.uuid),
            params['resource_class'],
            params['traits'],
        )
        flavors.publish(flavor, _deadline(run))
        return {'name': flavor.name}

    def undo(self, run: Run, result: PublishedResult | None) -> None:
        # One that was published before stays.
        if not run.params(PublishParams)['again']:
            mark = installation.mark(run.target)
            flavors.delete(run.target, mark, _deadline(run))

    def unrecord(
        self, tx: db.Transaction, run: Run, result: PublishedResult | None
    ) -> None:
        if not run.params(PublishParams)['again']:
            _clear(tx, run.target)


class DeletedResult(TypedDict):
    """:param deleted: False: Nova has a flavor of others, which stays."""

    deleted: bool


class DeleteFlavor(_NovaStep[DeletedResult]):
    """Delete the flavor in Nova, if it bears the mark of this Valence."""

    name = 'delete_flavor'

    def do(self, run: Run) -> DeletedResult:
        mark = installation.mark(run.target)
        return {'deleted': flavors.delete(run.target, mark, _deadline(run))}

    def record(
        self, tx: db.Transaction, run: Run, result: DeletedResult
    ) -> None:
        _clear(tx, run.target)


class Publish(Action):
    """Publish a flavor in Nova."""

    name = 'publish'
    steps: ClassVar[tuple[type[AnyStep], ...]] = (PublishFlavor,)

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        # Cancelled before its first step.
        if not run.journal and not run.params(PublishParams)['again']:
            _clear(tx, run.target)


class Unpublish(Action):
    """Delete a flavor in Nova that was published."""

    name = 'unpublish'
    steps: ClassVar[tuple[type[AnyStep], ...]] = (DeleteFlavor,)
