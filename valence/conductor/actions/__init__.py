# SPDX-License-Identifier: Apache-2.0
"""What operations do: one module for each action."""

from valence.conductor.actions import adopt
from valence.conductor.actions import attach
from valence.conductor.actions import boot
from valence.conductor.actions import compose
from valence.conductor.actions import delete
from valence.conductor.actions import detach
from valence.conductor.actions import publish
from valence.conductor.actions import register
from valence.conductor.actions import release
from valence.conductor.actions import repair
from valence.conductor.actions import reset
from valence.conductor.actions import sync
from valence.conductor.actions import unregister
from valence.conductor.actions import unsubscribe
from valence.conductor.engine.model import Action

BY_NAME: dict[str, Action] = {
    action.name: action
    for action in (
        compose.Compose(),
        release.Release(),
        adopt.Adopt(),
        reset.Reset(),
        boot.Boot(),
        attach.Attach(),
        detach.Detach(),
        register.Register(),
        unregister.Unregister(),
        sync.Sync(),
        repair.Repair(),
        delete.Delete(),
        unsubscribe.Unsubscribe(),
        publish.Publish(),
        publish.Unpublish(),
    )
}
