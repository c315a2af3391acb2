# SPDX-License-Identifier: Apache-2.0
from django.urls import path

from valence_dashboard.project.nodes import compose
from valence_dashboard.project.nodes import views

urlpatterns = [
    path('', views.Index.as_view(), name='index'),
    path('compose/', compose.Compose.as_view(), name='compose'),
    path('compose/fill/', compose.Fill.as_view(), name='fill'),
    path('preview/', compose.Preview.as_view(), name='preview'),
    path('keep/', compose.Keep.as_view(), name='keep'),
    path('adopt/', views.Adopt.as_view(), name='adopt'),
    path('<uuid>/', views.Detail.as_view(), name='detail'),
    path('<uuid>/edit/', views.Edit.as_view(), name='edit'),
    path('<uuid>/power/', views.Power.as_view(), name='power'),
    path('<uuid>/boot/', views.Boot.as_view(), name='boot'),
    path('<uuid>/register/', views.Register.as_view(), name='register'),
    path('<uuid>/attach/', views.Attach.as_view(), name='attach'),
]
