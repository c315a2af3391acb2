// SPDX-License-Identifier: Apache-2.0
/* What the pages of Valence do in the browser: follow what is under way, ask
   for a preview, make room for more, lead through the wizard by the keyboard,
   and tell of a system what the mouse or the keyboard is on. */
(function () {
  'use strict';

  var AJAX = {'X-Requested-With': 'XMLHttpRequest'};
  var INTERVAL = 1500; // milliseconds between two looks
  var PAUSE = 400; // after the last key, before a preview is asked for

  function parse(text) {
    return new DOMParser().parseFromString(text, 'text/html');
  }

  /* A line at the beginning of a place, as long as Valence does not answer. */
  function away(place, silent) {
    var line = place.querySelector(':scope > .valence-away');
    if (silent && !line) {
      line = document.createElement('p');
      line.className = 'valence-away text-warning';
      line.setAttribute('role', 'status');
      line.textContent = gettext(
        'Valence does not answer. What is shown may have changed.'
      );
      place.prepend(line);
    } else if (line && !silent) {
      line.remove();
    }
  }

  /* Horizon asks for the rows that may change. One that somebody is about to
     do something with stays as it is: a dialog acts on the very row that it
     was opened from. One that could not be read is asked for again. */
  function rows(options) {
    if (options.url.indexOf('action=row_update') < 0) {
      return;
    }
    var page = document.querySelector('.valence');
    var success = options.success, error = options.error;
    function held() {
      return document.querySelector('.modal.in') || Array.from(
        document.querySelectorAll('tr.ajax-update')
      ).some(function (row) {
        return row.dataset.updateUrl === options.url && (
          row.contains(document.activeElement) || row.querySelector('.open')
        );
      });
    }
    options.success = function () {
      away(page, false);
      if (!held()) { success.apply(this, arguments); }
    };
    options.error = function (answer) {
      if (answer.status === 401) {
        window.location.reload();
      } else if (answer.status !== 404) {
        away(page, true);
      } else if (!held()) {
        error.apply(this, arguments);
      }
    };
  }

  /* A part of the page with data-live is asked for anew until it has come to
     rest; then the parts that data-whole names are taken from the page as it
     is by now. What does not exist any longer has been left. */
  function follow(part) {
    setTimeout(function () {
      if (!part.isConnected) {
        return;
      }
      fetch(part.dataset.live, {headers: AJAX}).then(function (answer) {
        if (answer.status === 404) {
          part.textContent = gettext('It does not exist any longer.');
        } else if (answer.status === 401) {
          window.location.reload();
        } else if (!answer.ok) {
          away(part, true);
          follow(part);
        } else {
          away(part, false);
          return answer.text().then(function (text) {
            replace(part, parse(text).querySelector('.valence-status'));
          });
        }
      }).catch(function () {
        away(part, true);
        follow(part);
      });
    }, INTERVAL);
  }

  function replace(part, fresh) {
    if (!fresh) {
      window.location.reload(); // the log-in page has come instead
    } else if (!fresh.dataset.live) {
      whole(part);
    } else if (fresh.outerHTML !== part.outerHTML) {
      part.replaceWith(fresh);
      follow(fresh);
    } else {
      follow(part);
    }
  }

  function whole(part) {
    fetch(window.location.href).then(function (answer) {
      if (!answer.ok) { throw answer; }
      return answer.text();
    }).then(function (text) {
      if (document.querySelector('.modal.in, .btn-group.open')) {
        return follow(part); // somebody is about to do something
      }
      var page = parse(text);
      var tab = document.querySelector('.nav-tabs .active a');
      part.dataset.whole.split(' ').forEach(function (id) {
        document.getElementById(id).replaceWith(page.getElementById(id));
      });
      if (tab) {
        $('.nav-tabs a[href="' + tab.getAttribute('href') + '"]').tab('show');
      }
    }).catch(function () {
      follow(part);
    });
  }

  function preview(place) {
    var form = document.querySelector('.workflow form');
    var timer, asked = 0;
    function ask() {
      clearTimeout(timer);
      var number = ++asked;
      fetch(place.dataset.preview, {
        method: 'POST', headers: AJAX, body: new FormData(form)
      }).then(function (answer) {
        return answer.ok ? answer.text() : '';
      }).then(function (text) {
        if (number === asked && text) {
          place.innerHTML = text;
        }
      }).catch(function () { /* the next change asks again */ });
    }
    form.addEventListener('input', function () {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    });
    form.addEventListener('change', ask);
    ask();
  }

  /* Before the last step, Enter leads to the next one. */
  function step(form) {
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

  /* One more row of fields, of what may be wanted several times. */
  function more(button) {
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
    button.hidden = number + 1 >= Number(button.dataset.most);
    row.querySelector('input').focus();
  }

  function line(text) {
    var element = document.createElement('div');
    element.textContent = text;
    return element;
  }

  function hover(racks, card) {
    function show(event) {
      var system = event.target.closest('.valence-system');
      if (!system) {
        return;
      }
      var told = system.dataset.told.split(', ');
      var name = line(system.dataset.name);
      name.className = 'valence-hover-name';
      card.replaceChildren(name, line(system.dataset.look));
      if (system.dataset.place) {
        card.append(line(system.dataset.place));
      }
      told.forEach(function (one) { card.append(line(one)); });
      card.hidden = false;
      var box = system.getBoundingClientRect();
      var left = Math.min(
        box.left, document.documentElement.clientWidth - card.offsetWidth - 8
      );
      var below = box.bottom + 6 + card.offsetHeight < window.innerHeight;
      card.style.left = Math.max(8, left) + 'px';
      card.style.top = (
        below ? box.bottom + 6 : box.top - card.offsetHeight - 6
      ) + 'px';
    }
    function hide() { card.hidden = true; }
    racks.addEventListener('mouseover', show);
    racks.addEventListener('focusin', show);
    racks.addEventListener('mouseout', hide);
    racks.addEventListener('focusout', hide);
    document.addEventListener('keydown', function (event) {
      if (event.key === 'Escape') { hide(); }
    });
  }

  /* What Horizon draws as a sign alone gets a name for those who do not see
     it, and what cannot be pressed now says so. */
  function name() {
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
    name();
    // The form of a flavor comes into the page later.
    document.addEventListener('click', function (event) {
      var button = event.target.closest('.valence-more');
      if (button) { more(button); }
    });
    new MutationObserver(name).observe(document.body, {
      attributeFilter: ['class'], childList: true, subtree: true
    });
    $.ajaxPrefilter(rows);
    document.querySelectorAll('.workflow form').forEach(step);
    var racks = document.getElementById('valence-racks');
    var place = document.getElementById('valence-preview');
    document.querySelectorAll('[data-live]').forEach(follow);
    if (place) { preview(place); }
    if (racks) { hover(racks, document.getElementById('valence-hover')); }
  });
}());
