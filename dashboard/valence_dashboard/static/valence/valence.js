// SPDX-License-Identifier: Apache-2.0
/* Scripts of the Valence panels: poll resources that change, update the
   preview, add rows to forms, and support the keyboard in the wizard. */
(function () {
  'use strict';

  var AJAX = {'X-Requested-With': 'XMLHttpRequest'};
  var INTERVAL = 1500; // milliseconds between two polls
  var DELAY = 400; // milliseconds after the last key, before a preview is requested

  function parse(text) {
    return new DOMParser().parseFromString(text, 'text/html');
  }

  /* Show a message in an element while Valence does not respond. */
  function showUnavailable(element, unavailable) {
    var line = element.querySelector(':scope > .valence-unavailable');
    if (unavailable && !line) {
      line = document.createElement('p');
      line.className = 'valence-unavailable text-warning';
      line.setAttribute('role', 'status');
      line.textContent = gettext(
        'Valence does not respond. The page may be outdated.'
      );
      element.prepend(line);
    } else if (line && !unavailable) {
      line.remove();
    }
  }

  /* Horizon polls the rows that may change. A row is not replaced while its
     menu or a dialog is open, because the dialog acts on the element that
     opened it. A row that could not be read is polled again. */
  function filterRowUpdates(options) {
    if (options.url.indexOf('action=row_update') < 0) {
      return;
    }
    var page = document.querySelector('.valence');
    var success = options.success, error = options.error;
    function inUse() {
      return document.querySelector('.modal.in') || Array.from(
        document.querySelectorAll('tr.ajax-update')
      ).some(function (row) {
        return row.dataset.updateUrl === options.url && (
          row.contains(document.activeElement) || row.querySelector('.open')
        );
      });
    }
    options.success = function () {
      showUnavailable(page, false);
      if (!inUse()) { success.apply(this, arguments); }
    };
    options.error = function (response) {
      if (response.status === 401) {
        window.location.reload();
      } else if (response.status !== 404) {
        showUnavailable(page, true);
      } else if (!inUse()) {
        error.apply(this, arguments);
      }
    };
  }

  /* Poll an element with data-live until the resource is stable; then reload
     the elements that data-refresh lists. */
  function poll(part) {
    setTimeout(function () {
      if (!part.isConnected) {
        return;
      }
      fetch(part.dataset.live, {headers: AJAX}).then(function (response) {
        if (response.status === 404) {
          part.textContent = gettext('The resource no longer exists.');
        } else if (response.status === 401) {
          window.location.reload();
        } else if (!response.ok) {
          showUnavailable(part, true);
          poll(part);
        } else {
          showUnavailable(part, false);
          return response.text().then(function (text) {
            replace(part, parse(text).querySelector('.valence-status'));
          });
        }
      }).catch(function () {
        showUnavailable(part, true);
        poll(part);
      });
    }, INTERVAL);
  }

  function replace(part, fresh) {
    if (!fresh) {
      window.location.reload(); // the response is the login page
    } else if (!fresh.dataset.live) {
      refresh(part);
    } else if (fresh.outerHTML !== part.outerHTML) {
      part.replaceWith(fresh);
      poll(fresh);
    } else {
      poll(part);
    }
  }

  function refresh(part) {
    fetch(window.location.href).then(function (response) {
      if (!response.ok) { throw response; }
      return response.text();
    }).then(function (text) {
      if (document.querySelector('.modal.in, .btn-group.open')) {
        return poll(part); // a menu or dialog is open
      }
      var page = parse(text);
      var tab = document.querySelector('.nav-tabs .active a');
      part.dataset.refresh.split(' ').forEach(function (id) {
        document.getElementById(id).replaceWith(page.getElementById(id));
      });
      if (tab) {
        $('.nav-tabs a[href="' + tab.getAttribute('href') + '"]').tab('show');
      }
    }).catch(function () {
      poll(part);
    });
  }

  function preview(element) {
    var form = document.querySelector('.workflow form');
    var timer, requests = 0;
    function update() {
      clearTimeout(timer);
      var number = ++requests;
      fetch(element.dataset.preview, {
        method: 'POST', headers: AJAX, body: new FormData(form)
      }).then(function (response) {
        return response.ok ? response.text() : '';
      }).then(function (text) {
        if (number === requests && text) {
          element.innerHTML = text;
        }
      }).catch(function () { /* the next change tries again */ });
    }
    element.addEventListener('click', function (event) {
      var button = event.target.closest('[data-keep]');
      if (button) {
        form.action = button.dataset.keep;
        form.submit();
      }
    });
    form.addEventListener('input', function () {
      clearTimeout(timer);
      timer = setTimeout(update, DELAY);
    });
    form.addEventListener('change', update);
    update();
  }

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
    $.ajaxPrefilter(filterRowUpdates);
    document.querySelectorAll('.workflow form').forEach(enterGoesToNextStep);
    var previewElement = document.getElementById('valence-preview');
    document.querySelectorAll('[data-live]').forEach(poll);
    if (previewElement) { preview(previewElement); }
  });
}());
