# SPDX-License-Identifier: Apache-2.0
import pathlib

import openstack_dashboard

from valence_dashboard import exceptions

PANEL_GROUP = 'composable'
PANEL_GROUP_NAME = 'Composable'
PANEL_GROUP_DASHBOARD = 'project'
ADD_INSTALLED_APPS = ['valence_dashboard']
# Before 25.6, a template imports the files of plugins after the variables of
# the theme. Since then, they import these.
_TEMPLATES = pathlib.Path(openstack_dashboard.__file__).with_name('templates')
ADD_SCSS_FILES = [
    'valence/valence.scss'
    if (_TEMPLATES / 'themes' / 'themes.scss').exists()
    else 'valence/themed.scss'
]
ADD_JS_FILES = [
    'valence/live.js',
    'valence/valence.js',
    'valence/preview.js',
    'valence/cells.js',
    'valence/drawing.js',
    'valence/topology.js',
]
ADD_EXCEPTIONS = {
    'not_found': (exceptions.NotFound,),
    'unauthorized': (exceptions.Unauthorized,),
    'recoverable': (exceptions.Error,),
}
