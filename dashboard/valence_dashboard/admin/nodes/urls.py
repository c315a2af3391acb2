# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.admin.nodes import views

urlpatterns = [path('', views.Index.as_view(), name='index')]
