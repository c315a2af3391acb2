// SPDX-License-Identifier: Apache-2.0
/* Draws the racks of a pod, the chassis in them and their hardware. */
(function () {
  'use strict';

  var MAX_NAMED = 6; // parts of the same node that are named

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
    var others = (drawing.parts[part.node] || []).filter(function (one) {
      return one !== part.name;
    });
    if (others.length) {
      lines.push(sentence(gettext('Together with: %(names)s'), {
        names: others.slice(0, MAX_NAMED).join(', ') + (
          others.length > MAX_NAMED ? ' …' : ''
        )
      }));
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
    link.href = part.node ?
      drawing.urls.nodes + part.node + '/' :
      drawing.urls[part.kind] + part.uuid + '/';
    link.tabIndex = -1;
    link.dataset.name = part.name;
    link.dataset.uuid = part.uuid;
    if (part.node) { link.dataset.node = part.node; }
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

  /* Add the names of the parts of each node that is used, by its UUID. */
  function index(drawing) {
    drawing.parts = {};
    function add(box) {
      box.parts.forEach(function (part) {
        if (!part.node) { return; }
        var names = drawing.parts[part.node] || [];
        drawing.parts[part.node] = names.concat(part.name);
      });
      box.boxes.forEach(add);
    }
    drawing.racks.forEach(add);
  }

  /* Return a text that is the same as long as a rack looks the same. */
  function signature(rack, drawing) {
    var nodes = {};
    function add(box) {
      box.parts.forEach(function (part) {
        if (part.node) {
          nodes[part.node] = [
            drawing.nodes[part.node], drawing.parts[part.node]
          ];
        }
      });
      box.boxes.forEach(add);
    }
    add(rack);
    return JSON.stringify([rack, nodes]);
  }

  window.valence = Object.assign(window.valence || {}, {
    drawing: {
      create: create,
      sentence: sentence,
      rack: drawRack,
      legend: drawLegend,
      entries: entries,
      index: index,
      signature: signature
    }
  });
}());
