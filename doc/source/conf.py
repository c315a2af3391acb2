# SPDX-License-Identifier: Apache-2.0
"""Sphinx configuration of the documentation."""

import logging
import pathlib
import sys

import valence.cmd  # noqa: F401 - selects the backend of oslo.service

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'doc'))

extensions = [
    'cliff.sphinxext',
    'ext.openapi',
    'ext.state_diagram',
    'openstackdocstheme',
    'oslo_config.sphinxext',
    'oslo_policy.sphinxext',
    'sphinx.ext.autodoc',
]

project = 'Valence'
author = 'Valence contributors'
copyright = '2026, Valence contributors'
templates_path = []
exclude_patterns = []
nitpicky = False

html_theme = 'openstackdocs'
html_theme_options = {'sidebar_mode': 'toctree'}
pygments_style = 'native'
openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_pdf_link = False

autodoc_member_order = 'bysource'
autodoc_typehints = 'none'

# The theme warns if it cannot read the commit from git.
logging.getLogger('sphinx.openstackdocstheme.ext').addFilter(
    lambda record: 'cannot get gitsha' not in str(record.msg)
)

openapi_document = TOP / 'api-ref' / 'openapi.json'
