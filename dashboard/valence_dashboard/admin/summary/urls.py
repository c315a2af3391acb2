# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.admin.summary import views

urlpatterns = [path('', views.Summary.as_view(), name='index')]
