# SPDX-License-Identifier: Apache-2.0
"""Sphinx configuration of the client documentation."""

extensions = ['sphinx.ext.autodoc', 'cliff.sphinxext']
project = 'python-valenceclient'
author = 'Valence contributors'
html_theme = 'alabaster'
autoprogram_cliff_application = 'openstack'
autodoc_default_options = {'members': True, 'undoc-members': True}
autodoc_typehints = 'none'
nitpicky = False
man_pages = [
    (
        'openstack-valence',
        'openstack-valence',
        'manage hardware that is composed from pools',
        author,
        1,
    )
]
