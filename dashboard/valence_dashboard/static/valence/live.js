// SPDX-License-Identifier: Apache-2.0
/* Updates pages while they are open; see live.py. A page is requested again
   every few seconds, and what has changed in it is replaced: elements with the
   class valence-live, and the rows of tables.

   What the server has sent is compared with what it sent before, because
   scripts of Horizon change the page. This script is at the end of the page
   and runs before them. */
(function () {
  'use strict';

  var LONGEST = 60000; // milliseconds until a request is given up or repeated
  var PATIENCE = 5; // pauses are at least that many times as long as requests
  var TOKEN = /(csrfmiddlewaretoken" value=")[^"]*/g; // another one each time
  var FOCUSABLE = 'a, button, input, select, textarea, [tabindex]';

  var page = document.querySelector('.valence[data-etag]');
  if (!page) {
    return; // a form, or another page of Horizon
  }
  var etag = page.dataset.etag;
  var interval = Number(page.dataset.interval);
  var pause = interval;
  var shown = {}; // the HTML of each part by its ID, as it was sent
  var latest = null; // the last response, until all of it is shown
  var isAsking = false;
  var timer;

  function html(element) {
    return element.outerHTML.replace(TOKEN, '$1');
  }

  function remember(root) {
    root.querySelectorAll('.valence-live, .datatable tr[id]').forEach(
      function (part) { shown[part.id] = html(part); }
    );
  }

  /* Return whether something in an element is open or selected. */
  function isUsed(element) {
    var selection = window.getSelection();
    return Boolean(
      element.querySelector('.open, [aria-describedby^="tooltip"]')
    ) || (!selection.isCollapsed && element.contains(selection.anchorNode));
  }

  /* Give an element the attributes and content of another one. */
  function fill(element, fresh) {
    function focusable() {
      return Array.from(element.querySelectorAll(FOCUSABLE));
    }
    var focused = focusable().indexOf(document.activeElement);
    var boxes = element.querySelectorAll('input:checked');
    Array.from(fresh.attributes).forEach(function (one) {
      element.setAttribute(one.name, one.value);
    });
    element.replaceChildren.apply(
      element, document.importNode(fresh, true).childNodes
    );
    boxes.forEach(function (one) {
      var box = document.getElementById(one.id);
      if (box) { box.checked = true; }
    });
    if (focused >= 0 && focusable()[focused]) {
      focusable()[focused].focus({preventScroll: true});
    }
  }

  /* Update a part; return whether it is as it was sent. */
  function update(element, fresh) {
    var sent = html(fresh);
    if (shown[fresh.id] === sent) {
      return true;
    }
    if (isUsed(element)) {
      return false;
    }
    fill(element, fresh);
    shown[fresh.id] = sent;
    return true;
  }

  function rows(table) {
    return Array.from(table.querySelectorAll('tbody > tr[id]'));
  }

  /* Replace all but the filter and the actions of a table. */
  function updateSections(table, fresh) {
    if (isUsed(table)) {
      return false;
    }
    $(table).trigger('destroy'); // sorts the rows
    ['thead', 'tbody', 'tfoot'].forEach(function (name) {
      var old = table.querySelector(name), made = fresh.querySelector(name);
      if (old) { old.remove(); }
      if (made) { table.append(document.importNode(made, true)); }
    });
    remember(fresh);
    horizon.tabs.initTabLoad($(table).closest('.table_wrapper'));
    return true;
  }

  /* Update the rows of a table in the order of the server. */
  function updateRows(table, fresh) {
    var body = table.tBodies[0], isDone = true;
    rows(table).forEach(function (row) {
      if (fresh.querySelector('#' + CSS.escape(row.id))) {
        return;
      }
      if (isUsed(row)) {
        isDone = false;
      } else {
        row.remove();
        delete shown[row.id];
      }
    });
    rows(fresh).forEach(function (row, place) {
      var current = document.getElementById(row.id);
      if (current) {
        isDone = update(current, row) && isDone;
      } else {
        current = document.importNode(row, true);
        shown[row.id] = html(row);
      }
      if (body.rows[place] !== current) {
        body.insertBefore(current, body.rows[place] || null);
      }
    });
    return isDone;
  }

  function updateTable(table, fresh) {
    var isEmpty = !rows(table).length, willBe = !rows(fresh).length;
    if (isEmpty && willBe) {
      return true;
    }
    if (isEmpty !== willBe) {
      return updateSections(table, fresh);
    }
    var isDone = updateRows(table, fresh);
    var old = table.querySelector('tfoot td');
    var made = fresh.querySelector('tfoot td');
    if (old && made) { fill(old, made); }
    horizon.datatables.update_header_checkbox($(table));
    horizon.datatables.validate_button($(table).closest('form'));
    $(table).trigger('update', [true]);
    return isDone;
  }

  /* Show a response; return whether nothing had to be left as it was. */
  function show(fresh) {
    if (document.querySelector('.modal.in')) {
      return false; // the dialog may act on what opened it
    }
    var focused = document.activeElement, isDone = true;
    fresh.querySelectorAll('.valence-live, .datatable').forEach(
      function (part) {
        var current = document.getElementById(part.id);
        if (current) {
          var change = part.tBodies ? updateTable : update;
          isDone = change(current, part) && isDone;
        }
      }
    );
    if (focused !== document.activeElement && focused.isConnected) {
      focused.focus({preventScroll: true}); // its row was moved
    }
    return isDone;
  }

  /* Say why the page may not be up to date; without a text, that it is. */
  function say(text) {
    var line = page.querySelector(':scope > .valence-unavailable');
    if (!line) {
      line = document.createElement('p');
      line.className = 'valence-unavailable text-warning';
      line.setAttribute('role', 'status');
      page.prepend(line);
    }
    if (line.textContent !== text) { line.textContent = text; }
    line.hidden = !text;
  }

  function address() {
    var url = new URL(window.location.href);
    var tab = document.querySelector('.ajax-tabs > .active > a');
    if (tab) { url.searchParams.set('tab', tab.dataset.target.slice(1)); }
    url.hash = '';
    return url;
  }

  /* Request the page again; return the reason if it will never change. */
  async function ask() {
    var response = await fetch(address(), {
      headers: {'X-Valence-Live': '1', 'If-None-Match': etag},
      redirect: 'manual',
      signal: AbortSignal.timeout(LONGEST)
    });
    if (response.type === 'opaqueredirect' || response.status === 401) {
      window.location.reload(); // the session has ended
      return '';
    }
    if (response.status === 404) {
      return gettext('The resource no longer exists.');
    }
    if (response.status !== 304) {
      var text = await response.text();
      if (!response.ok) {
        var type = response.headers.get('Content-Type') || '';
        throw new Error(/^text\/plain/.test(type) ? text : '');
      }
      latest = new DOMParser().parseFromString(text, 'text/html');
      etag = response.headers.get('ETag');
    }
    if (latest && show(latest)) { latest = null; }
  }

  async function poll() {
    if (document.hidden || isAsking) {
      return; // whatever ends that goes on
    }
    var began = performance.now(), end;
    isAsking = true;
    try {
      end = await ask();
      say(end || '');
      pause = Math.max(interval, PATIENCE * (performance.now() - began));
    } catch (error) {
      var reason = error instanceof TypeError || error.name === 'TimeoutError'
        ? gettext('Horizon does not respond.') : error.message;
      say((reason + ' ' + gettext('The page may be outdated.')).trim());
      pause = Math.min(2 * pause, LONGEST);
    }
    isAsking = false;
    if (end === undefined) { schedule(pause); }
  }

  function schedule(delay) {
    clearTimeout(timer);
    timer = setTimeout(poll, delay);
  }

  remember(document);
  document.addEventListener('visibilitychange', function () { schedule(0); });
  $(document).on('shown.bs.tab', '.ajax-tabs a', function () {
    var pane = document.querySelector(this.dataset.target);
    if (!pane.classList.contains('tab-loading')) { schedule(0); }
  });
  schedule(interval);
}());
