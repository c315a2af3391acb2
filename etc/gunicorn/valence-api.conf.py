# SPDX-License-Identifier: Apache-2.0
"""The API under gunicorn, behind a proxy that receives whole requests.

gunicorn --config /etc/valence/valence-api.conf.py
"""

wsgi_app = 'valence.wsgi.api:application'
bind = ['127.0.0.1:8182']
workers = 4
threads = 16
worker_class = 'gthread'
proc_name = 'valence-api'
# Connections to the database must not be shared by processes.
preload_app = False
