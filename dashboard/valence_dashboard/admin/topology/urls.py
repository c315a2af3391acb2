# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.admin.topology import views

urlpatterns = [
    path('', views.Topology.as_view(), name='index'),
    path('<uuid>/', views.Topology.as_view(), name='detail'),
]
