# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.admin.topology import views

urlpatterns = [
    path('', views.Estate.as_view(), name='index'),
    path('<uuid>/', views.Pod.as_view(), name='detail'),
    path('<uuid>/data/', views.Data.as_view(), name='data'),
]
