// SPDX-License-Identifier: Apache-2.0
/* The topology: draw pods that are opened, find hardware in them, zoom, and
   say what is under the pointer or has the focus. */
(function () {
  'use strict';

  var AJAX = {'X-Requested-With': 'XMLHttpRequest'};
  var MAX_OPEN = 20000; // parts of a pod whose racks are drawn at once
  var ZOOM = {step: 1.25, least: 0.5, most: 4};
  var RETRY = 10000; // milliseconds
  var SVG = 'http://www.w3.org/2000/svg';
  var kit = window.valence.drawing;
  var pods = [], zoom = 1, current = -1;

  /* Return the racks of a drawing; those that are drawn in the same way are
     kept, and the others opened as they were. */
  function racksOf(drawing, old) {
    var count = drawing.racks.reduce(function (sum, rack) {
      return sum + rack.count;
    }, 0);
    return drawing.racks.map(function (rack) {
      var sign = kit.signature(rack, drawing);
      var before = old.find(function (one) { return one.uuid === rack.uuid; });
      if (before && before.signature === sign) { return before; }
      var open = before ? before.element.open : count <= MAX_OPEN;
      rack.element = kit.rack(rack, drawing, open);
      rack.signature = sign;
      return rack;
    });
  }

  /* Draw a pod, or what has changed in it. */
  function draw(pod, drawing) {
    var root = pod.querySelector('.valence-drawing');
    var focused = document.activeElement;
    var uuid = root.contains(focused) && focused.dataset.uuid;
    var old = drawn(pod);
    kit.index(drawing);
    var racks = racksOf(drawing, old ? old.racks : []);
    var list = kit.create('div', 'valence-racks');
    list.append.apply(list, racks.map(function (one) { return one.element; }));
    if (!racks.length) {
      list.textContent = gettext(
        'The inventory is empty, or has not been read yet.'
      );
    }
    var canvas = kit.create('div', 'valence-canvas');
    canvas.append(list);
    if (old) { document.getElementById('valence-tooltip').hidden = true; }
    root.replaceChildren(kit.legend(drawing), canvas);
    pods = pods.filter(function (one) { return one !== old; });
    pods.push({
      pod: pod,
      racks: racks,
      version: drawing.version,
      entries: racks.flatMap(function (rack) {
        return kit.entries([rack], null, drawing);
      })
    });
    var part = uuid && root.querySelector('[data-uuid="' + uuid + '"]');
    if (part) { part.focus({preventScroll: true}); }
    mark();
    if (!old) { find(); }
  }

  /* Read and draw a pod. */
  function load(pod) {
    var root = pod.querySelector('.valence-drawing');
    if (!pod.open || root.dataset.state === 'loading') { return; }
    if (!root.dataset.state) { root.textContent = gettext('Loading…'); }
    root.dataset.state = 'loading';
    fetch(root.dataset.url, {headers: AJAX}).then(function (response) {
      if (response.status === 401 || response.redirected) {
        window.location.reload();
      } else if (!response.ok) {
        return response.text().then(function (text) {
          throw Object.assign(new Error(text), {status: response.status});
        });
      }
      return response.json();
    }).then(function (drawing) {
      draw(pod, drawing);
      root.dataset.state = 'drawn';
    }).catch(function (error) { failed(pod, error); });
  }

  /* Say why a pod cannot be drawn; what is drawn remains. */
  function failed(pod, error) {
    var root = pod.querySelector('.valence-drawing');
    if (drawn(pod)) {
      root.dataset.state = 'drawn';
    } else {
      delete root.dataset.state;
      root.textContent = error.message;
    }
    if (error.status !== 404) {
      setTimeout(function () { load(pod); }, RETRY);
    }
  }

  function drawn(pod) {
    return pods.find(function (one) { return one.pod === pod; });
  }

  /* Draw a pod again when live.js has shown that it has changed. */
  function follow(pod) {
    var element = pod.querySelector('[data-version]');
    new MutationObserver(function () {
      var known = drawn(pod);
      var version = element.dataset.version;
      if (version && known && known.version !== version) { load(pod); }
    }).observe(element, {attributeFilter: ['data-version']});
  }

  /* Keep in the URL which pods are open: the server looks for changes there. */
  function keepOpen() {
    var url = new URL(window.location.href);
    var open = Array.from(document.querySelectorAll('.valence-pod[open]'));
    url.searchParams.set('open', open.map(function (pod) {
      return pod.dataset.pod;
    }).join(','));
    window.history.replaceState(window.history.state, '', url);
  }

  function toggled(pod) {
    if (pod.wasOpen === pod.open) { return; }
    pod.wasOpen = pod.open;
    keepOpen();
    if (!pod.querySelector('.valence-drawing').dataset.state) { load(pod); }
  }

  /* Mark what contains the text; return its entries in order. */
  function matches() {
    var text = document.getElementById('valence-find').value.trim().toLowerCase();
    return pods.flatMap(function (pod) {
      return pod.entries.filter(function (entry) {
        return text && entry.text.includes(text);
      });
    });
  }

  /* Mark what is found; return it. */
  function mark() {
    document.querySelectorAll('.valence-match').forEach(function (one) {
      one.classList.remove('valence-match');
    });
    var found = matches();
    found.forEach(function (entry) {
      entry.rack.element.fill();
      entry.part.element.classList.add('valence-match');
    });
    return found;
  }

  function find() {
    var found = mark();
    current = -1;
    if (found.length) { go(found, 0, false); } else { say(''); }
    if (!found.length && document.getElementById('valence-find').value) {
      say(gettext('Nothing found in the pods that are open.'));
    }
  }

  function say(text) {
    document.getElementById('valence-found').textContent = text;
  }

  /* Scroll to a match, and give it the focus if wanted. */
  function go(found, number, focus) {
    current = number;
    var entry = found[number];
    entry.rack.element.open = true;
    entry.part.element.scrollIntoView({block: 'center', inline: 'center'});
    if (focus) { entry.part.element.focus({preventScroll: true}); }
    say(kit.sentence(gettext('%(number)s of %(count)s: %(name)s'), {
      number: number + 1, count: found.length, name: entry.part.name
    }));
  }

  function setZoom(value) {
    zoom = Math.max(ZOOM.least, Math.min(ZOOM.most, value));
    document.getElementById('valence-topology').style.setProperty(
      '--zoom', zoom
    );
    document.getElementById('valence-zoom').textContent = (
      Math.round(100 * zoom) + ' %'
    );
  }

  function zoomBy(name) {
    setZoom({in: zoom * ZOOM.step, out: zoom / ZOOM.step, reset: 1}[name]);
  }

  function showTooltip(card, part) {
    card.replaceChildren.apply(card, part.lines.map(function (text, n) {
      return kit.create('div', n ? '' : 'valence-tooltip-name', text);
    }));
    card.hidden = false;
    var box = part.getBoundingClientRect();
    var left = Math.min(
      box.left, document.documentElement.clientWidth - card.offsetWidth - 8
    );
    var below = box.bottom + 6 + card.offsetHeight < window.innerHeight;
    card.style.left = Math.max(8, left) + 'px';
    card.style.top = (
      below ? box.bottom + 6 : box.top - card.offsetHeight - 6
    ) + 'px';
  }

  function unlink() {
    document.querySelectorAll('.valence-wires').forEach(function (one) {
      one.remove();
    });
    document.querySelectorAll('.valence-linked').forEach(function (one) {
      one.classList.remove('valence-linked');
    });
  }

  /* Connect the systems of the node of a part with its devices. */
  function linkParts(part) {
    unlink();
    if (!part.dataset.node) { return; }
    var canvas = part.closest('.valence-canvas');
    var frame = canvas.getBoundingClientRect();
    var places = Array.from(
      canvas.querySelectorAll('[data-node="' + part.dataset.node + '"]')
    ).map(function (one) {
      one.classList.add('valence-linked');
      var box = one.getBoundingClientRect();
      return {
        isSystem: one.matches('.valence-system'),
        isShown: box.width > 0,
        x: (box.left + box.right) / 2 - frame.left,
        y: (box.top + box.bottom) / 2 - frame.top
      };
    }).filter(function (one) { return one.isShown; });
    var wires = document.createElementNS(SVG, 'svg');
    wires.setAttribute('class', 'valence-wires');
    wires.setAttribute('aria-hidden', 'true');
    places.filter(function (one) { return one.isSystem; }).forEach(
      function (from) {
        places.filter(function (one) { return !one.isSystem; }).forEach(
          function (to) { wires.append(wire(from, to)); }
        );
      }
    );
    canvas.append(wires);
  }

  function wire(from, to) {
    var line = document.createElementNS(SVG, 'line');
    Object.entries({x1: from.x, y1: from.y, x2: to.x, y2: to.y}).forEach(
      function (one) { line.setAttribute(one[0], one[1]); }
    );
    return line;
  }

  function partOf(event) {
    return event.target.closest('a.valence-part');
  }

  /* Tab goes from rack to rack; arrows go from part to part. */
  function move(event) {
    var part = partOf(event);
    var keys = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};
    if (!part || !(event.key in keys || /^(Home|End)$/.test(event.key))) {
      return;
    }
    var parts = Array.from(
      part.closest('.valence-rack').querySelectorAll('.valence-part')
    );
    var next = {Home: 0, End: parts.length - 1}[event.key];
    if (next === undefined) { next = parts.indexOf(part) + keys[event.key]; }
    if (parts[next]) { parts[next].focus(); }
    event.preventDefault();
  }

  function keepTabStop(part) {
    part.closest('.valence-rack').querySelectorAll('[tabindex="0"]').forEach(
      function (one) { one.tabIndex = -1; }
    );
    part.tabIndex = 0;
  }

  function listen(topology, card) {
    function hide() {
      card.hidden = true;
      unlink();
    }
    ['mouseover', 'focusin'].forEach(function (name) {
      topology.addEventListener(name, function (event) {
        var part = partOf(event);
        if (part) {
          showTooltip(card, part);
          linkParts(part);
        }
        if (part && name === 'focusin') { keepTabStop(part); }
      });
    });
    topology.addEventListener('mouseout', hide);
    topology.addEventListener('focusout', hide);
    topology.addEventListener('keydown', move);
    document.addEventListener('keydown', function (event) {
      if (event.key === 'Escape') { hide(); }
      var name = {'+': 'in', '-': 'out', '0': 'reset'}[event.key];
      if (name && !event.ctrlKey && !event.metaKey &&
          !event.target.matches('input, select, textarea')) {
        zoomBy(name);
      }
    });
  }

  document.addEventListener('DOMContentLoaded', function () {
    var topology = document.getElementById('valence-topology');
    if (!topology) { return; }
    listen(topology, document.getElementById('valence-tooltip'));
    document.querySelectorAll('[data-zoom]').forEach(function (button) {
      button.addEventListener('click', function () {
        zoomBy(button.dataset.zoom);
      });
    });
    var input = document.getElementById('valence-find');
    input.addEventListener('input', find);
    input.form.addEventListener('submit', function (event) {
      var found = matches();
      if (found.length) { // otherwise the server searches all pods
        event.preventDefault();
        go(found, (current + 1) % found.length, true);
      }
    });
    topology.querySelectorAll('.valence-pod').forEach(function (pod) {
      pod.wasOpen = pod.open;
      pod.addEventListener('toggle', function () { toggled(pod); });
      follow(pod);
      load(pod);
    });
    new MutationObserver(function () { window.location.reload(); }).observe(
      document.getElementById('valence-pods'), {attributeFilter: ['data-pods']}
    );
    topology.querySelectorAll('[data-open]').forEach(function (button) {
      button.addEventListener('click', function () {
        topology.querySelectorAll('.valence-pod').forEach(function (pod) {
          pod.open = Boolean(button.dataset.open);
        });
      });
    });
  });
}());
