# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.admin.pod_managers import views

urlpatterns = [
    path('', views.Index.as_view(), name='index'),
    path('register/', views.Register.as_view(), name='register'),
    path('<uuid>/', views.Detail.as_view(), name='detail'),
    path('<uuid>/edit/', views.Edit.as_view(), name='edit'),
    path('<uuid>/grant/', views.Grant.as_view(), name='grant'),
    path('<uuid>/expect/', views.Expect.as_view(), name='expect'),
    path('<uuid>/snapshot/', views.Snapshot.as_view(), name='snapshot'),
    path('<uuid>/unset/', views.Unset.as_view(), name='unset'),
    path('<uuid>/delete/', views.Delete.as_view(), name='delete'),
]
