// SPDX-License-Identifier: Apache-2.0
/* The topology: draw pods that are opened, find hardware in them, zoom, and
   say what is under the pointer or has the focus. */
(function () {
  'use strict';

  var AJAX = {'X-Requested-With': 'XMLHttpRequest'};
  var MAX_OPEN = 20000; // parts of a pod whose racks are drawn at once
  var ZOOM = {step: 1.25, least: 0.5, most: 4};
  var pods = [], zoom = 1, current = -1;

  function create(tag, name, text) {
    var element = document.createElement(tag);
    if (name) { element.className = name; }
    if (text) { element.textContent = text; }
    return element;
  }

  function sentence(format, values) {
    return interpolate(format, values, true);
  }

  /* What to say of a part, one line each; the first one is its name. */
  function describe(part, drawing) {
    var labels = {};
    drawing.legend.forEach(function (one) { labels[one.look] = one.label; });
    var lines = [part.name];
    lines.push([part.look].concat(part.marks).map(function (look) {
      return labels[look];
    }).join(', '));
    var node = drawing.nodes[part.node];
    if (node) {
      lines.push(sentence(gettext('Node: %(name)s'), {name: node[0]}));
      if (node[1]) {
        lines.push(sentence(gettext('Project: %(name)s'), {name: node[1]}));
      }
    }
    if (part.location) { lines.push(part.location); }
    if (part.serial) {
      lines.push(sentence(gettext('Serial number: %(text)s'), {
        text: part.serial
      }));
    }
    return lines.concat(part.facts, part.conditions);
  }

  function drawPart(part, drawing) {
    var lines = describe(part, drawing);
    var link = create('a', 'valence-part valence-' + part.look + ' valence-' + (
      part.kind === 'systems' ? 'system' : 'device'
    ));
    var symbols = {};
    drawing.legend.forEach(function (one) { symbols[one.look] = one.symbol; });
    link.textContent = (part.kind === 'systems' ? '' : part.letter) + [
      part.look
    ].concat(part.marks).map(function (look) { return symbols[look]; }).join('');
    link.href = part.kind === 'systems' && part.node ?
      drawing.urls.nodes + part.node + '/' :
      drawing.urls[part.kind] + part.uuid + '/';
    link.tabIndex = -1;
    link.dataset.name = part.name;
    link.setAttribute('aria-label', lines.join('. '));
    link.lines = lines;
    part.element = link;
    return link;
  }

  function drawParts(box, drawing) {
    var list = create('ul', 'valence-systems');
    box.parts.forEach(function (part) {
      var item = create('li');
      item.append(drawPart(part, drawing));
      list.append(item);
    });
    return list;
  }

  /* Draw a chassis with what it contains. */
  function drawBox(box, drawing) {
    var element = create('div', 'valence-box');
    var name = create('span', 'valence-box-name', box.short);
    name.title = box.name;
    if (box.place) { name.prepend(box.place + ' '); }
    element.append(name);
    appendConditions(element, box);
    if (box.parts.length) { element.append(drawParts(box, drawing)); }
    box.boxes.forEach(function (one) {
      element.append(drawBox(one, drawing));
    });
    return element;
  }

  function appendConditions(element, box) {
    box.conditions.forEach(function (text) {
      element.append(create('span', 'valence-condition-text', '▲ ' + text));
    });
  }

  /* Return the boxes of a rack that have a place of their own in it. */
  function placed(rack) {
    var taken = {};
    return rack.boxes.filter(function (box) {
      var first = box.offset, end = box.offset + box.units;
      if (first === null || !box.units || end > rack.units) { return false; }
      for (var unit = first; unit < end; unit++) {
        if (taken[unit]) { return false; }
      }
      for (unit = first; unit < end; unit++) { taken[unit] = true; }
      box.place = 'U' + (first + 1) + (box.units > 1 ? '–' + end : '');
      return true;
    });
  }

  /* Draw the elevation of a rack; what has no place lies beside it. */
  function fillRack(body, rack, drawing) {
    var there = rack.units ? placed(rack) : [];
    if (rack.uuid) {
      var link = create('a', 'valence-rack-link', gettext('Details'));
      link.href = drawing.urls.chassis + rack.uuid + '/';
      link.setAttribute('aria-label', sentence(
        gettext('Details of %(name)s'), {name: rack.name}
      ));
      body.append(link);
    }
    appendConditions(body, rack);
    if (there.length) {
      var elevation = create('div', 'valence-elevation');
      elevation.style.setProperty('--units', rack.units);
      there.sort(function (one, other) { return other.offset - one.offset; });
      there.forEach(function (box) {
        var element = drawBox(box, drawing);
        var first = rack.units - box.offset - box.units + 1;
        element.style.gridRow = first + ' / span ' + box.units;
        elevation.append(element);
      });
      body.append(elevation);
    }
    if (rack.parts.length) { body.append(drawParts(rack, drawing)); }
    rack.boxes.forEach(function (box) {
      if (!there.includes(box)) { body.append(drawBox(box, drawing)); }
    });
    var first = body.querySelector('.valence-part');
    if (first) { first.tabIndex = 0; }
  }

  function drawRack(rack, drawing, open) {
    var element = create('details', 'valence-rack');
    var summary = create('summary', '', rack.name + ' ');
    summary.append(create('span', 'valence-count', '(' + rack.count + ')'));
    var body = create('div', 'valence-rack-body');
    element.append(summary, body);
    element.fill = function () {
      if (!body.firstChild) { fillRack(body, rack, drawing); }
    };
    rack.element = element;
    element.open = open;
    if (open) { element.fill(); }
    element.addEventListener('toggle', element.fill);
    return element;
  }

  function drawLegend(drawing) {
    var list = create('ul', 'valence-legend');
    drawing.legend.forEach(function (one) {
      var item = create('li');
      var symbol = create(
        'span', 'valence-part valence-system valence-' + one.look, one.symbol
      );
      symbol.setAttribute('aria-hidden', 'true');
      item.append(symbol, one.label + ': ' + one.count);
      list.append(item);
    });
    return list;
  }

  /* Return all parts of boxes, with the rack and a text to search. */
  function entries(boxes, rack, drawing) {
    return boxes.flatMap(function (box) {
      return box.parts.map(function (part) {
        var node = drawing.nodes[part.node] || [];
        return {
          part: part,
          rack: rack || box,
          text: [
            part.name, part.serial, part.uuid, part.node, part.location,
            node[0], box.name, box.serial
          ].join('\n').toLowerCase()
        };
      }).concat(entries(box.boxes, rack || box, drawing));
    });
  }

  function draw(root, drawing) {
    var racks = create('div', 'valence-racks');
    var count = drawing.racks.reduce(function (sum, rack) {
      return sum + rack.count;
    }, 0);
    drawing.racks.forEach(function (rack) {
      racks.append(drawRack(rack, drawing, count <= MAX_OPEN));
    });
    if (!drawing.racks.length) {
      racks.textContent = gettext(
        'The inventory is empty, or has not been read yet.'
      );
    }
    root.replaceChildren(drawLegend(drawing), racks);
    pods.push({root: root, entries: entries(drawing.racks, null, drawing)});
    find();
  }

  /* Read and draw a pod when it is opened. */
  function load(pod) {
    var root = pod.querySelector('.valence-drawing');
    if (!pod.open || root.dataset.state) { return; }
    root.dataset.state = 'loading';
    root.textContent = gettext('Loading…');
    fetch(root.dataset.url, {headers: AJAX}).then(function (response) {
      if (response.status === 401 || response.redirected) {
        window.location.reload();
      } else if (!response.ok) {
        return response.text().then(function (text) { throw new Error(text); });
      }
      return response.json();
    }).then(function (drawing) {
      draw(root, drawing);
      root.dataset.state = 'drawn';
    }).catch(function (error) {
      delete root.dataset.state;
      root.textContent = error.message;
    });
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

  function find() {
    document.querySelectorAll('.valence-match').forEach(function (one) {
      one.classList.remove('valence-match');
    });
    var found = matches();
    found.forEach(function (entry) {
      entry.rack.element.fill();
      entry.part.element.classList.add('valence-match');
    });
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
    say(sentence(gettext('%(number)s of %(count)s: %(name)s'), {
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
      return create('div', n ? '' : 'valence-tooltip-name', text);
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
    function hide() { card.hidden = true; }
    ['mouseover', 'focusin'].forEach(function (name) {
      topology.addEventListener(name, function (event) {
        var part = partOf(event);
        if (part) { showTooltip(card, part); }
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
      pod.addEventListener('toggle', function () { load(pod); });
      load(pod);
    });
  });
}());
