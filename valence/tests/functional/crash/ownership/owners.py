# SPDX-License-Identifier: Apache-2.0
"""Who made what, and who may change it.

The pods' own logs show what was requested; which operation requested it is
known because only one runs at a time.
"""

from valence.db import api as db
from valence.db.sqlalchemy import models


class NotOwned(AssertionError):
    """A request reached what the journal does not own."""


class Owners:
    """Checks every changing request as soon as it was sent."""

    def __init__(self, pods):
        self._pods = pods
        # By pod and number of the request: the node it was sent for.
        self._senders = {}
        # By pod and number of the composition: the nodes that adopted it.
        self._adopters = {}
        # By finding: what was there when it was found.
        self._found = {}
        self._checked = dict.fromkeys((pod.name for pod in pods), 0)
        self._ended = set()

    def observe(self, operation=None, node_uuid=None):
        """Check what was requested since the last time.

        :param operation: what the conductor did meanwhile.
        :param node_uuid: the node of that operation, if it has one.
        :raises NotOwned: when something was not the node's.
        """
        for pod in self._pods:
            self._observe(pod, operation, node_uuid)
        if operation is not None and operation.action == 'sync':
            self._find()

    def may_release(self, finding):
        """Whether it is known what an administrator would release."""
        return finding.uuid in self._found

    def _observe(self, pod, operation, node_uuid):
        requests = pod.requests()
        fresh = requests[self._checked[pod.name] :]
        self._checked[pod.name] = len(requests)
        for request in fresh:
            self._senders[pod.name, request.id] = node_uuid
        for request in fresh:
            if request.composition is not None:
                self._check(
                    pod, request.composition, operation, node_uuid, request
                )
        if operation is not None and operation.action == 'adopt':
            self._adopt(pod, node_uuid)
        self._check_ended(pod, operation)

    def _check(self, pod, composition, operation, node_uuid, request):
        if self._is_confirmed(pod, composition, operation):
            # Whoever ended it, an administrator wanted that.
            self._ended.add((pod.name, composition.id))
            return
        if self._may_adopt(composition, operation, node_uuid):
            return
        owner = self.owner(pod, composition)
        if owner is None or owner != node_uuid:
            action = operation.action if operation else 'nothing'
            raise NotOwned(
                f'{request.text} reached {pod.name} {composition}, which is '
                f'of {owner or "a stranger"}; sent by {action} of {node_uuid}'
            )

    def _is_confirmed(self, pod, composition, operation):
        """Whether an administrator has this released by a finding."""
        if operation is None or not operation.params.get('confirmed'):
            return False
        return self._found.get(operation.target_uuid) == (
            pod.name,
            composition.id,
        )

    @staticmethod
    def _may_adopt(composition, operation, node_uuid):
        """Whether an administrator adopts it, and it is no other node."""
        if operation is None or operation.action != 'adopt':
            return False
        with db.reader() as tx:
            nodes = tx.list(
                models.Node, only=('uuid',), resource_uri=composition.uri
            ).all()
        return [node.uuid for node in nodes] == [node_uuid]

    def _find(self):
        """Note what the findings of a sync are about."""
        with db.reader() as tx:
            podms = {row.uuid: row.url for row in tx.list(models.PodManager)}
            findings = tx.list(
                models.Finding, models.Finding.open_key.is_not(None)
            ).all()
        for finding in findings:
            for pod in self._pods:
                if podms.get(finding.podm_uuid) == pod.url:
                    at = pod.at(finding.resource_uri)
                    if at is not None:
                        self._found[finding.uuid] = pod.name, at.id

    def _check_ended(self, pod, operation):
        """What a request ended, maybe later, has to be its node's."""
        for number, one in pod.compositions().items():
            key = pod.name, number
            if one.gone_by is None or key in self._ended:
                continue
            self._ended.add(key)
            sender = self._senders.get((pod.name, one.gone_by))
            if sender is None or sender not in self._claimants(pod, one):
                raise NotOwned(
                    f'{pod.name} {one} was ended for {sender}, when '
                    f'{operation and operation.action} was the last'
                )

    def owner(self, pod, composition):
        """The node that a composition is, for the database as it is now."""
        maker, *adopters = self._claimants(pod, composition)
        with db.reader() as tx:
            rows = tx.list(models.Node, only=('uuid',), uuid=adopters)
            there = {row.uuid for row in rows} if adopters else set()
        for adopter in reversed(adopters):
            if adopter in there:
                return adopter
        return maker

    def _claimants(self, pod, composition):
        maker = None
        if composition.request is not None:
            maker = self._senders.get((pod.name, composition.request))
        adopters = self._adopters.get((pod.name, composition.id), [])
        return [maker, *adopters]

    def _adopt(self, pod, node_uuid):
        """Note that a node has been adopted, if it has."""
        with db.reader() as tx:
            node = tx.get(models.Node, uuid=node_uuid)
            podm = node and tx.get(models.PodManager, uuid=node.podm_uuid)
        if podm is None or podm.url != pod.url or not node.baseline:
            return
        composition = pod.at(node.resource_uri)
        if composition is not None:
            key = pod.name, composition.id
            adopters = self._adopters.setdefault(key, [])
            if node_uuid not in adopters:
                adopters.append(node_uuid)
