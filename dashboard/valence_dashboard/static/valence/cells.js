// SPDX-License-Identifier: Apache-2.0
/* Give the cells of tables the titles of their columns, which narrow windows
   show in each row, and mark words that are longer than any column. */
(function () {
  'use strict';

  var LONG = /[^\s-]{30}/;

  function mark() {
    document.querySelectorAll('.valence .datatable').forEach(function (table) {
      var titles = Array.from(
        table.querySelectorAll('thead .table_column_header > th'),
        function (head) { return head.textContent.trim(); }
      );
      table.querySelectorAll('tbody > tr').forEach(function (row) {
        Array.from(row.cells).forEach(function (cell, n) {
          if (cell.colSpan === 1 && titles[n]) { cell.dataset.label = titles[n]; }
          cell.classList.toggle('valence-long', LONG.test(cell.textContent));
        });
      });
    });
  }

  document.addEventListener('DOMContentLoaded', function () {
    if (!document.querySelector('.valence')) { return; }
    mark();
    new MutationObserver(mark).observe(document.body, {
      childList: true, subtree: true
    });
  });
}());
