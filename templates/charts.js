// Zooms the charts that have a time axis and switches series off. Everything is on the page without it: whatever it
// changes it takes from the drawing and puts back.
'use strict';
(() => {
  const NARROWEST = 1 / 50; // of an axis: what is drawn is no finer
  const all = (root, what) => [...root.querySelectorAll(what)];
  const numbers = (text) => text.split(' ').map(Number);
  const make = (name, about = {}) => Object.assign(document.createElement(name), about);
  const set = (node, about) => Object.entries(about).forEach(([name, value]) => node.setAttribute(name, value));
  const cut = (value) => Number(value.toFixed(2));
  const within = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

  // Seconds to so many decimals: 12.5 s, 35 min 8 s.
  const told = (seconds, decimals) => {
    const round = (n, places) => Number(n.toFixed(within(places, 0, 9)));
    const s = round(seconds, decimals);
    if (s === 0) return '0';
    if (s < 1) return round(s * 1000, decimals - 3) + ' ms';
    if (s < 120) return s + ' s';
    const parts = [[Math.floor(s / 3600), 'h'], [Math.floor((s % 3600) / 60), 'min'], [round(s % 60, decimals), 's']];
    return parts.filter(([n]) => n).map(([n, unit]) => n + ' ' + unit).join(' ');
  };
  const decimals = (step) => Math.ceil(-Math.log10(step) - 1e-9);
  const stepOf = (length) => {
    const least = length / 4;
    const ten = 10 ** Math.floor(Math.log10(least));
    const steps = least < 1 ? [1, 2, 5, 10].map((n) => n * ten)
      : [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400];
    return steps.find((step) => step > least * 0.999) ?? 10 * ten;
  };

  // How an element follows its place on the x axis: lines and cells stretch, marks keep their shape.
  const follow = (node) => {
    const get = (name) => Number(node.getAttribute(name));
    if (node.localName === 'circle') {
      const at = get('cx');
      return (x) => set(node, { cx: x(at) });
    }
    if (node.localName === 'rect') {
      const [left, width] = [get('x'), get('width')];
      if (node.parentNode.dataset.key) return (x) => set(node, { x: cut(x(left + width / 2) - width / 2) });
      return (x) => set(node, { x: x(left), width: cut(x(left + width) - x(left)) });
    }
    if (node.localName === 'path') {
      const d = node.getAttribute('d');
      const cell = /M([\d.-]+)(,[\d.-]+)h([\d.-]+)(v[\d.-]+)?(h[\d.-]+z)?/g;
      return (x) => set(node, { d: d.replace(cell, (_, left, y, width, down) => {
        const [begin, end] = [x(Number(left)), x(Number(left) + Number(width))];
        return 'M' + begin + y + 'h' + cut(end - begin) + (down ? down + 'h' + cut(begin - end) + 'z' : '');
      }) });
    }
    const points = node.getAttribute('points').split(' ').map((pair) => pair.split(',').map(Number));
    const middle = (Math.min(...points.map(([at]) => at)) + Math.max(...points.map(([at]) => at))) / 2;
    const mark = node.localName === 'polygon';
    if (mark) node.middle = middle;
    const moved = (x, at) => (mark ? cut(at - middle + x(middle)) : x(at));
    return (x) => set(node, { points: points.map(([at, y]) => moved(x, at) + ',' + y).join(' ') });
  };

  // Lines of a group anew at these places, each with its text where there is one and there is room.
  const lay = (group, places) => {
    group.was ??= [...group.childNodes];
    group.replaceChildren(...(places ? [] : group.was));
    const line = group.was.find((node) => node.localName === 'polyline');
    const text = group.was.find((node) => node.localName === 'text');
    let free = -Infinity;
    for (const [x, words] of line && places ? places : []) {
      const copy = line.cloneNode();
      set(copy, { points: copy.getAttribute('points').replace(/[\d.-]+,/g, x + ',') });
      group.append(copy);
      if (!text || !words) continue;
      const label = text.cloneNode();
      label.textContent = words;
      group.append(label);
      const half = label.getComputedTextLength() / 2;
      const middle = within(x, half + 16, group.ownerSVGElement.viewBox.baseVal.width - half - 16);
      if (middle - half < free) label.remove();
      else free = middle + half + 32;
      set(label, { x: middle });
    }
  };

  const shown = new Map(); // The stretch of the run's clock that is shown, by run.
  const open = (svg, index) => {
    const frame = make('div', { className: 'live' });
    svg.replaceWith(frame);
    frame.append(svg);
    const chart = { svg, frame, run: svg.closest('article'), off: new Set(), view: null };
    chart.parts = all(svg, '.data, .across');
    switches(chart);
    if (svg.dataset.time) axis(chart, index);
    return chart;
  };

  // Entries of the legend become buttons, where there is something to hide.
  const switches = (chart) => {
    const { width, height } = chart.svg.viewBox.baseVal;
    for (const entry of all(chart.svg, '.legend')) {
      const key = entry.dataset.key;
      if (!chart.parts.some((part) => part.dataset.key === key)) continue;
      const box = entry.getBBox();
      const name = entry.textContent.trim();
      const button = make('button', { type: 'button', className: 'switch', title: 'show or hide ' + name });
      set(button, { 'aria-label': name, 'aria-pressed': true });
      chart.frame.append(button);
      const place = { left: box.x / width, top: box.y / height, width: box.width / width, height: box.height / height };
      for (const side of Object.keys(place)) button.style[side] = place[side] * 100 + '%';
      button.onclick = () => {
        const off = !chart.off.delete(key);
        if (off) chart.off.add(key);
        set(button, { 'aria-pressed': !off });
        entry.classList.toggle('off', off);
        hide(chart);
      };
    }
  };

  // What is switched off, and what is too fine for the whole or too coarse for a stretch.
  const hide = (chart) => {
    const key = (part) => part.dataset.key ?? '';
    const finer = (part) => part.classList.contains('finer');
    const fine = new Set(chart.parts.filter(finer).map(key));
    for (const part of chart.parts) {
      const there = finer(part) ? chart.view : !(chart.view && part.matches('.data') && fine.has(key(part)));
      if (there && !chart.off.has(key(part))) part.removeAttribute('display');
      else set(part, { display: 'none' });
    }
  };

  const axis = (chart, index) => {
    const { svg } = chart;
    const [left, right, from, to] = numbers(svg.dataset.time);
    const lines = all(svg, '.ticks polyline').map((line) => line.getAttribute('points'));
    const ys = lines.flatMap((points) => points.split(' ').map((pair) => Number(pair.split(',')[1])));
    const [clip, edge, chosen] = ['clipPath', 'rect', 'rect'].map((name) => document.createElementNS(svg.namespaceURI, name));
    set(clip, { id: 'stretch-' + index });
    // Dots at the ends are whole.
    set(edge, { x: left - 14, width: right - left + 28, y: 0, height: svg.viewBox.baseVal.height });
    set(chosen, { class: 'chosen' });
    clip.append(edge);
    svg.append(clip);
    Object.assign(chart, {
      left, right, from, to, chosen, clip, top: Math.min(...ys), bottom: Math.max(...ys),
      moves: all(svg, '.data *').filter((node) => !/title|text/.test(node.localName)).map(follow),
      names: all(svg, '.names').map((group) => {
        const text = group.querySelector('text');
        return { group, text, x: text.getAttribute('x'), words: text.textContent, at: numbers(group.dataset.at) };
      }),
    });
    buttons(chart);
    dragging(chart);
  };

  // Where a place of the whole lies in the stretch that is shown.
  const scale = (chart) => {
    const { left, right, from, to } = chart;
    const [a, b] = chart.view ?? [from, to];
    const factor = (to - from) / (b - a);
    const begin = left + ((a - from) / (to - from)) * (right - left);
    return (x) => cut(left + (x - begin) * factor);
  };

  const draw = (chart) => {
    const { svg, from, to, left, right, view } = chart;
    const x = scale(chart);
    chart.moves.forEach((move) => move(x));
    hide(chart);
    for (const part of all(svg, '.data')) {
      if (view) set(part, { 'clip-path': 'url(#' + chart.clip.id + ')' });
      else part.removeAttribute('clip-path');
    }
    let [ticks, moments] = [];
    if (view) {
      const step = stepOf(view[1] - view[0]);
      const first = Math.ceil((view[0] - from) / step - 1e-6);
      const count = Math.floor((view[1] - from) / step + 1e-6) - first + 1;
      const place = (time) => x(left + ((time / (to - from)) * (right - left)));
      ticks = Array.from({ length: count }, (_, n) => (first + n) * step)
        .map((time) => [place(time), told(time, decimals(step))]);
      moments = chart.names.flatMap((name) => name.at).map(x).filter((at) => at >= left && at <= right);
      moments = moments.sort((a, b) => a - b).filter((at, n, sorted) => n === 0 || at - sorted[n - 1] >= 2).map((at) => [at]);
    }
    all(svg, '.ticks').forEach((group) => lay(group, ticks));
    all(svg, '.events').forEach((group) => lay(group, moments));
    named(chart, x);
    for (const entry of all(svg, '.legend[data-zoomed]')) {
      const text = entry.querySelector('text');
      entry.was ??= text.textContent;
      text.textContent = view ? entry.dataset.zoomed : entry.was;
    }
    status(chart);
  };

  // Names of what happened in the stretch, where there is room.
  const named = (chart, x) => {
    const { left, right, view } = chart;
    const taken = view ? all(chart.svg, ':scope > text').map((text) => text.getBBox()) : [];
    const touches = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
    for (const { group, text, x: at, words, at: places } of chart.names) {
      const inside = places.map(x).filter((place) => place >= left && place <= right);
      const count = inside.length > 1 ? ' ×' + inside.length.toLocaleString('en') : '';
      text.textContent = view ? group.dataset.name + count : words;
      set(text, { x: at });
      group.removeAttribute('display');
      let there = !group.classList.contains('finer');
      if (view) {
        const half = text.getComputedTextLength() / 2 + 12;
        const middle = (inside[0] + inside[inside.length - 1]) / 2;
        if (inside.length) set(text, { x: within(middle, left + half, right - half) });
        const box = text.getBBox();
        there = inside.length > 0 && !taken.some((other) => touches(box, other));
        if (there) taken.push(box);
      }
      if (!there) set(group, { display: 'none' });
    }
  };

  const show = (run, range) => {
    shown.set(run, range);
    for (const chart of charts.filter((chart) => chart.moves && chart.run === run)) {
      const { from, to } = chart;
      const view = range && [Math.max(range[0], from), Math.min(range[1], to)];
      // A chart of another time has nothing of it to show.
      const holds = view && view[1] - view[0] >= (range[1] - range[0]) / 2 && view[1] - view[0] < (to - from) * 0.999;
      chart.view = holds ? view : null;
      draw(chart);
    }
    remember();
  };

  // About a moment, so long, within the axis.
  const around = (chart, middle, length) => {
    const { from, to } = chart;
    const long = within(length, (to - from) * NARROWEST, to - from);
    const begin = within(middle - long / 2, from, to - long);
    show(chart.run, long < (to - from) * 0.999 ? [begin, begin + long] : null);
  };

  const buttons = (chart) => {
    const bar = make('div', { className: 'bar' });
    set(bar, { role: 'group', 'aria-label': 'Time shown' });
    chart.frame.after(bar);
    const step = (times, shift) => () => {
      const [a, b] = chart.view ?? [chart.from, chart.to];
      around(chart, (a + b) / 2 + shift * (b - a), (b - a) * times);
    };
    const button = (text, name, press) => {
      const made = make('button', { type: 'button', textContent: text, title: name, onclick: press });
      set(made, { 'aria-label': name });
      bar.append(made);
      return made;
    };
    chart.buttons = {
      closer: button('+', 'zoom in', step(0.5, 0)),
      wider: button('−', 'zoom out', step(2, 0)),
      before: button('←', 'earlier', step(1, -0.5)),
      after: button('→', 'later', step(1, 0.5)),
      whole: button('whole', 'show the whole time', () => show(chart.run, null)),
    };
    chart.told = make('output');
    bar.append(chart.told);
    status(chart);
  };

  const status = (chart) => {
    const { view, from, to, buttons: { closer, wider, before, after, whole } } = chart;
    const [a, b] = view ?? [from, to];
    const places = decimals((b - a) / 100);
    const words = (time) => told(time - from, places);
    chart.told.textContent = view ? words(a) + ' to ' + words(b) + ' of ' + words(to) : 'drag across it to zoom';
    closer.disabled = b - a <= (to - from) * NARROWEST * 1.001;
    wider.disabled = whole.disabled = !view;
    before.disabled = !view || a - from < 1e-9;
    after.disabled = !view || to - b < 1e-9;
  };

  const dragging = (chart) => {
    const { svg, chosen } = chart;
    let begun = null;
    const place = (event) => {
      const box = svg.getBoundingClientRect();
      const unit = svg.viewBox.baseVal.width / box.width;
      return { x: (event.clientX - box.left) * unit, y: (event.clientY - box.top) * unit, unit };
    };
    const ends = (event) => [begun, place(event).x].map((x) => within(x, chart.left, chart.right)).sort((a, b) => a - b);
    chart.stop = () => { begun = null; chosen.remove(); };
    svg.addEventListener('pointerdown', (event) => {
      const { x, y } = place(event);
      const inside = x >= chart.left - 14 && x <= chart.right + 14 && y >= chart.top && y <= chart.bottom;
      if (event.button === 0 && event.isPrimary && inside) begun = x;
    });
    svg.addEventListener('pointermove', (event) => {
      if (begun === null) return;
      const [a, b] = ends(event);
      // A click is no stretch.
      if (!chosen.isConnected && b - a < 5 * place(event).unit) return;
      if (!chosen.isConnected) svg.setPointerCapture(event.pointerId);
      set(chosen, { x: a, y: chart.top, width: b - a, height: chart.bottom - chart.top });
      svg.append(chosen);
    });
    svg.addEventListener('pointerup', (event) => {
      if (begun !== null && chosen.isConnected) {
        const [from, to] = chart.view ?? [chart.from, chart.to];
        const [a, b] = ends(event).map((x) => from + ((x - chart.left) / (chart.right - chart.left)) * (to - from));
        chart.stop();
        around(chart, (a + b) / 2, b - a);
      }
      chart.stop();
    });
    svg.addEventListener('pointercancel', chart.stop);
    svg.addEventListener('dblclick', () => show(chart.run, null));
  };

  // A link to a stall shows the time about it.
  const follows = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const chart = place && charts.find((chart) => chart.moves && chart.svg.contains(place));
    if (!chart) return;
    const { left, right, from, to } = chart;
    const column = Number(place.id.split('-at-').pop());
    const along = (x) => Math.floor(((x - left) / (right - left)) * 250 + 1e-3);
    around(chart, from + ((column + 0.5) / 250) * (to - from), (to - from) / 10);
    for (const mark of all(chart.svg, '.finer polygon')) mark.classList.toggle('found', along(mark.middle) === column);
    chart.frame.scrollIntoView({ block: 'center' });
  };

  // A page that is made again every few seconds keeps what its reader chose.
  const served = location.protocol.startsWith('http');
  const remember = () => {
    const chosen = all(document, 'article').map((run) => shown.get(run) ?? null);
    if (served) sessionStorage.setItem('shown', JSON.stringify(chosen));
  };

  const charts = [];
  all(document, 'figure svg.chart').forEach((svg, index) => charts.push(open(svg, index)));
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    charts.forEach((chart) => chart.stop?.());
    [...shown.keys()].forEach((run) => show(run, null));
  });
  addEventListener('hashchange', follows);
  document.addEventListener('click', (event) => {
    if (location.hash && event.target.closest('a')?.hash === location.hash) follows();
  });
  if (served) {
    const chosen = JSON.parse(sessionStorage.getItem('shown') ?? '[]');
    all(document, 'article').forEach((run, index) => chosen[index] && show(run, chosen[index]));
  }
  follows();
})();
