# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.admin.search import views

urlpatterns = [path('', views.Search.as_view(), name='index')]
