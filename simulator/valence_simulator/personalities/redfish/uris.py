# SPDX-License-Identifier: Apache-2.0
"""The URIs of a composition service."""

from valence_simulator.protocol.resources import ROOT

CHASSIS = f'{ROOT}/Chassis'
SYSTEMS = f'{ROOT}/Systems'
MANAGERS = f'{ROOT}/Managers'
MANAGER = f'{MANAGERS}/composer'
SERVICE = f'{ROOT}/CompositionService'
BLOCKS = f'{SERVICE}/ResourceBlocks'
ZONES = f'{SERVICE}/ResourceZones'
FREE_POOL = f'{SERVICE}/FreePool'
ACTIVE_POOL = f'{SERVICE}/ActivePool'
RESERVATIONS = f'{SERVICE}/CompositionReservations'
COMPOSE = f'{SERVICE}/Actions/CompositionService.Compose'
COMPOSE_INFO = f'{SERVICE}/ComposeActionInfo'
SPECIFIC = f'{SYSTEMS}/Capabilities'
CONSTRAINED = f'{SYSTEMS}/ConstrainedCompositionCapabilities'
