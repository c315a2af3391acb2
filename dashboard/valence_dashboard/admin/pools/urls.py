# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.admin.pools import views

urlpatterns = [
    path('', views.Index.as_view(), name='index'),
    path('create/', views.Create.as_view(), name='create'),
    path('<uuid>/', views.Detail.as_view(), name='detail'),
    path('<uuid>/edit/', views.Edit.as_view(), name='edit'),
]
