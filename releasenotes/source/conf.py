# SPDX-License-Identifier: Apache-2.0
"""Sphinx configuration of the release notes, which reno reads from git."""

extensions = ['openstackdocstheme', 'reno.sphinxext']
project = 'Valence Release Notes'
author = 'Valence contributors'
copyright = '2026, Valence contributors'
html_theme = 'openstackdocs'
html_last_updated_fmt = ''
openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_pdf_link = False
pygments_style = 'native'
