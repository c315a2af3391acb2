# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.project.operations import views

urlpatterns = [
    path('', views.Index.as_view(), name='index'),
    path('<uuid>/', views.Detail.as_view(), name='detail'),
]
