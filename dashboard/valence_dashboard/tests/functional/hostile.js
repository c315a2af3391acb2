// SPDX-License-Identifier: Apache-2.0
/* Finds what hostile texts do to pages, for test_hostile.py.

   hostile() is what a script in one of the texts calls. */
(function () {
  'use strict';

  var PANELS = new RegExp(
    '^/(project/(nodes|flavors|operations|holds)' +
    '|admin/(pod_managers|topology|systems|chassis|devices|storages' +
    '|operations|findings|conditions|nodes|pools))/'
  );
  var UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/;
  var URLS = ['href', 'src', 'action', 'formaction', 'xlink:href'];

  window.hostile = function () {
    console.error('hostile() ran on ' + window.location);
  };

  /* Return where a text is more than text: an attribute or an element of its
     own, a URL with a script, or an expression of AngularJS. */
  function harm(root) {
    var found = [];
    root.querySelectorAll('*').forEach(function (one) {
      var bare = one.closest('[ng-non-bindable]');
      Array.from(one.attributes).forEach(function (each) {
        var name = each.name, value = each.value;
        if ((/^on/.test(name) && /hostile/.test(value)) ||
            (URLS.includes(name) && /^\s*javascript:hostile/i.test(value)) ||
            (!bare && /\{\$.*hostile/.test(value))) {
          found.push(one.localName + ' ' + name + '=' + value);
        }
      });
      if (one.localName === 'script' && /hostile\(\)/.test(one.text) ||
          one.matches('img[src="x"]')) {
        found.push(one.outerHTML);
      }
      one.childNodes.forEach(function (each) {
        if (!bare && each.nodeType === Node.TEXT_NODE &&
            /\{\$.*hostile/.test(each.data)) {
          found.push(one.localName + ': ' + each.data);
        }
      });
    });
    return found.map(function (one) { return one.slice(0, 300); });
  }

  /* Return a page with its problems, for one request. */
  function load(url, body) {
    var method = body ? 'POST' : 'GET';
    var part = /preview\/$/.test(url);
    var headers = part ? {'X-Requested-With': 'XMLHttpRequest'} : {};
    return fetch(
      url, {method: method, body: body, headers: headers}
    ).then(function (response) {
      return response.text().then(function (text) {
        var root = new DOMParser().parseFromString(text, 'text/html');
        var problems = harm(root);
        if (response.status !== 200) {
          problems.push('status ' + response.status);
        }
        if (!part && !root.querySelector('.valence')) {
          problems.push('not a page of Valence');
        }
        var main = root.querySelector('.valence') || root.body;
        return {
          url: response.url,
          kind: pattern(new URL(url, window.location)),
          root: root,
          shown: /hostile|7\*7|WWWWW/.test(main.innerHTML),
          problems: problems.map(function (one) {
            return method + ' ' + url + ': ' + one;
          })
        };
      });
    });
  }

  function pattern(url) {
    return (url.pathname + url.search).replace(new RegExp(UUID, 'g'), '*')
      .replace(/first=\d+/, '');
  }

  /* Return the URLs of links of a page that lead to our panels: no files, nor
     the same list in another order. */
  function links(page) {
    var found = [];
    page.root.querySelectorAll('[href]:not([download], .valence-sort)').forEach(function (one) {
      found.push(new URL(one.getAttribute('href'), page.url));
    });
    return found.filter(function (one) {
      one.hash = '';
      return one.origin === window.location.origin && PANELS.test(one.pathname);
    });
  }

  /* Choose among URLs of one pattern: that of the text with everything, and
     another one, which is not the same for all patterns. */
  function choose(urls, first, number) {
    var chosen = urls.filter(function (one) {
      return first.includes((UUID.exec(one) || [''])[0]);
    }).slice(0, 1);
    var others = urls.filter(function (one) { return !chosen.includes(one); });
    return chosen.concat(others.length ? [others[number % others.length]] : []);
  }

  /* Get pages of all kinds that links lead to; return them. */
  window.crawl = async function (starts, first) {
    var pages = [], known = new Set(), number = 0;
    var queue = starts.map(function (one) {
      return new URL(one, window.location).href;
    });
    starts.forEach(function (one) { known.add(one); });
    while (queue.length) {
      var got = await Promise.all(
        queue.splice(0, 4).map(function (url) { return load(url); })
      );
      got.forEach(function (page) {
        pages.push(page);
        var kinds = new Map();
        links(page).forEach(function (url) {
          var kind = pattern(url);
          if (!known.has(kind)) {
            kinds.set(kind, (kinds.get(kind) || new Set()).add(url.href));
          }
        });
        kinds.forEach(function (urls, kind) {
          known.add(kind);
          queue.push.apply(
            queue, choose(Array.from(urls), first, number += 7)
          );
        });
      });
    }
    return pages;
  };

  /* Return the URL and body of each request that a page can send. */
  function requests(page, first) {
    var found = [];
    page.root.querySelectorAll('.valence form[method=POST]').forEach(
      function (form) {
        var url = new URL(form.getAttribute('action') || '', page.url);
        var buttons = form.querySelectorAll('button[name=action]');
        buttons.forEach(function (one) {
          found.push([url, form, one.value]);
        });
        if (!buttons.length) { found.push([url, form, '']); }
      }
    );
    return found.map(function (one) {
      var body = new FormData(one[1]);
      if (one[2]) {
        body.set('action', one[2]);
        if (!UUID.test(one[2])) {
          first.forEach(function (uuid) { body.append('object_ids', uuid); });
        }
      }
      return {
        // An action does the same wherever its table is.
        kind: one[2].replace(UUID, '*') || pattern(one[0]),
        url: one[0].href,
        mine: first.some(function (uuid) {
          return (one[0].href + one[2]).includes(uuid);
        }),
        body: body
      };
    });
  }

  /* Send all forms as they are, and all actions, each for one resource. */
  window.submit = async function (pages, first) {
    var chosen = new Map();
    pages.forEach(function (page) {
      requests(page, first).forEach(function (one) {
        if (!chosen.has(one.kind) || (one.mine && !chosen.get(one.kind).mine)) {
          chosen.set(one.kind, one);
        }
      });
    });
    var answers = [];
    for (var one of chosen.values()) {
      var answer = await load(one.url, one.body);
      answer.kind = one.kind;
      answers.push(answer);
    }
    return answers;
  };

  /* Show everything that a page shows only if somebody points at it or
     clicks; return the texts of the dialogs. */
  window.unfold = function () {
    $('[data-toggle="tooltip"]').tooltip('show');
    document.querySelectorAll('.valence-system').forEach(function (one) {
      one.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
    });
    return $('.btn-danger, [data-batch-action]').filter(
      'button[name=action]'
    ).map(function () {
      var row = $(this).closest('tr, form');
      row.find('.table-row-multi-select').prop('checked', true);
      var dialog = horizon.datatables.confirm($(this).removeClass('disabled'));
      var text = dialog.text();
      dialog.modal('hide');
      return text;
    }).get();
  };

  window.harm = harm;
}());
