# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.admin.conditions import views

urlpatterns = [
    path('', views.Index.as_view(), name='index'),
    path('set/', views.Set.as_view(), name='set'),
    path('<uuid>/', views.Detail.as_view(), name='detail'),
    path('<uuid>/change/', views.Change.as_view(), name='change'),
]
