// SPDX-License-Identifier: Apache-2.0
/* The preview beside the form that composes a node. An answer is shown only
   while the form is as it was asked about. */
(function () {
  'use strict';

  // Milliseconds from a change until a preview is requested. It is as long as
  // answers take, because the server goes on with what nobody waits for.
  var SHORTEST = 400;
  var LONGEST = 5000;

  function start(aside) {
    var form = document.querySelector('.workflow form');
    var answer = aside.querySelector('[aria-live]');
    var state = aside.querySelector('[role="status"]');
    var text = aside.querySelector('pre');
    var pause = SHORTEST;
    var asked = null; // the content of the form that the answer is about
    var running = new AbortController();
    var timer;

    function content() {
      return new URLSearchParams(new FormData(form)).toString();
    }

    function show(nodes) {
      answer.replaceChildren.apply(answer, nodes);
      var found = answer.querySelector('[data-request]');
      text.textContent = found ? found.dataset.request : '';
      answer.setAttribute('aria-busy', 'false');
      state.textContent = '';
    }

    function request() {
      var current = running = new AbortController();
      var began = performance.now();
      fetch(aside.dataset.preview, {
        method: 'POST',
        headers: {'X-Requested-With': 'XMLHttpRequest'},
        body: new FormData(form),
        signal: current.signal
      }).then(function (response) {
        if (!response.ok) { throw new Error(response.status); }
        return response.text();
      }).then(function (text) {
        return document.createRange().createContextualFragment(text);
      }).catch(function () {
        return aside.querySelector('template').content.cloneNode(true);
      }).then(function (fragment) {
        var took = Math.min(performance.now() - began, LONGEST);
        if (current.signal.aborted) {
          pause = Math.max(pause, took);
          return;
        }
        pause = Math.max(SHORTEST, took);
        if (content() === asked) {
          show(fragment.childNodes);
        } else {
          update(pause); // a script has changed the form
        }
      });
    }

    function update(delay) {
      var now = content();
      if (now === asked) {
        return; // only the focus has changed
      }
      asked = now;
      running.abort();
      clearTimeout(timer);
      answer.replaceChildren(); // what it says is no longer so
      text.textContent = '';
      answer.setAttribute('aria-busy', 'true');
      state.textContent = state.dataset.working;
      timer = setTimeout(request, delay);
    }

    function changed() { update(pause); }
    form.addEventListener('input', changed);
    form.addEventListener('change', changed);
    answer.addEventListener('click', function (event) {
      var button = event.target.closest('[data-keep]');
      if (button) {
        form.action = button.dataset.keep;
        form.submit();
      } else if (event.target.closest('[data-again]')) {
        asked = null;
        update(0);
      }
    });
    aside.querySelector('[data-copy]').addEventListener('click', function () {
      var done = aside.querySelector('[data-done]');
      done.textContent = copy(text) ? done.dataset.done : '';
    });
    update(0);
  }

  /* Copy the text of an element. The newer way to do so needs HTTPS, which
     not every Horizon has. */
  function copy(element) {
    window.getSelection().selectAllChildren(element);
    return document.execCommand('copy');
  }

  document.addEventListener('DOMContentLoaded', function () {
    document.querySelectorAll('[data-preview]').forEach(start);
  });
}());
