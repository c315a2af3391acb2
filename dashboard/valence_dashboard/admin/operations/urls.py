# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard import operations

urlpatterns = [path('', operations.Index.as_view(), name='index')]
