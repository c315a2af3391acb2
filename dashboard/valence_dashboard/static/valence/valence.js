// SPDX-License-Identifier: Apache-2.0
/* Scripts of the Valence panels: add rows to forms, and support the keyboard
   in the wizard. */
(function () {
  'use strict';

  /* Enter goes to the next step, except in the last one. */
  function enterGoesToNextStep(form) {
    form.addEventListener('keydown', function (event) {
      var next = form.querySelector('.button-next');
      if (event.key === 'Enter' && event.target.matches('input, select') &&
          next.offsetParent) {
        event.preventDefault();
        next.click();
        var first = form.querySelector(
          '.tab-pane.active :is(input:not([type="hidden"]), select, textarea)'
        );
        if (first && !event.target.offsetParent) { first.focus(); }
      }
    });
  }

  /* Add a row of fields to a requirement. */
  function addRow(button) {
    var rows = button.parentElement.querySelectorAll('.valence-row');
    var number = rows.length;
    var row = rows[number - 1].cloneNode(true);
    ['id', 'name', 'for'].forEach(function (attribute) {
      row.querySelectorAll('[' + attribute + ']').forEach(function (one) {
        one.setAttribute(attribute, one.getAttribute(attribute).replace(
          '__' + (number - 1) + '__', '__' + number + '__'
        ));
      });
    });
    row.querySelectorAll('input').forEach(function (one) {
      one.removeAttribute('value');
      one.value = '';
    });
    row.querySelectorAll('.help-block').forEach(function (one) {
      one.remove();
    });
    row.querySelectorAll('.has-error').forEach(function (one) {
      one.classList.remove('has-error');
    });
    row.querySelectorAll('.themable-spinner').forEach(function (one) {
      one.classList.remove('spinner-initialized');
    });
    rows[number - 1].after(row);
    horizon.forms.init_themable_spinner($(row));
    button.hidden = number + 1 >= Number(button.dataset.maxRows);
    row.querySelector('input').focus();
  }

  /* Label the icons of Horizon and mark its disabled buttons, for screen
     readers. */
  function addAriaAttributes() {
    var names = {
      'a.close': gettext('Close'),
      '.multi-select-header': gettext('All'),
      '.spinner-up': gettext('More'),
      '.spinner-down': gettext('Less')
    };
    Object.keys(names).forEach(function (selector) {
      document.querySelectorAll(selector).forEach(function (one) {
        if (!one.textContent.trim()) {
          one.setAttribute('aria-label', names[selector]);
        }
      });
    });
    document.querySelectorAll('[role="tablist"] > li').forEach(function (one) {
      one.setAttribute('role', 'presentation');
      one.querySelector('a').setAttribute('role', 'tab');
    });
    document.querySelectorAll('.btn').forEach(function (one) {
      if (one.classList.contains('disabled')) {
        one.setAttribute('aria-disabled', 'true');
      } else {
        one.removeAttribute('aria-disabled');
      }
    });
  }

  document.addEventListener('DOMContentLoaded', function () {
    var language = document.querySelector('meta[name="valence-language"]');
    if (!language) {
      return; // another page of Horizon
    }
    document.documentElement.lang = language.content;
    addAriaAttributes();
    // The dialog of a flavor is added to the page later.
    document.addEventListener('click', function (event) {
      var button = event.target.closest('.valence-add-row');
      if (button) { addRow(button); }
    });
    new MutationObserver(addAriaAttributes).observe(document.body, {
      attributeFilter: ['class'], childList: true, subtree: true
    });
    document.querySelectorAll('.workflow form').forEach(enterGoesToNextStep);
  });
}());
