# SPDX-License-Identifier: Apache-2.0
from valence_dashboard import exceptions

PANEL_GROUP = 'composable'
PANEL_GROUP_NAME = 'Composable'
PANEL_GROUP_DASHBOARD = 'project'
ADD_INSTALLED_APPS = ['valence_dashboard']
ADD_SCSS_FILES = ['valence/valence.scss']
ADD_JS_FILES = [
    'valence/live.js',
    'valence/valence.js',
    'valence/preview.js',
    'valence/cells.js',
    'valence/topology.js',
]
ADD_EXCEPTIONS = {
    'not_found': (exceptions.NotFound,),
    'unauthorized': (exceptions.Unauthorized,),
    'recoverable': (exceptions.Error,),
}
