# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.admin.findings import views

urlpatterns = [
    path('', views.Index.as_view(), name='index'),
    path('<uuid>/', views.Detail.as_view(), name='detail'),
    path('<uuid>/adopt/', views.Adopt.as_view(), name='adopt'),
    path('<uuid>/accept/', views.Accept.as_view(), name='accept'),
]
