/* What the tests ask a page in a browser: every function answers with a list
   of what is wrong, as text. */
var checks = (function () {
  function shown(e) {
    var r = e.getBoundingClientRect();
    return r.width > 0 && r.height > 0
      && e.checkVisibility({ visibilityProperty: true });
  }
  function rgba(text) {
    var m = text.match(/[\d.]+/g).map(Number);
    return { c: m.slice(0, 3), a: m.length > 3 ? m[3] : 1 };
  }
  function over(front, back) {
    return back.map(function (v, i) {
      return front.a * front.c[i] + (1 - front.a) * v;
    });
  }
  function luminance(c) {
    var v = c.map(function (x) {
      x /= 255;
      return x <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
  }
  function ratio(a, b) {
    var x = luminance(a), y = luminance(b);
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  }
  /* Background colours of an element, from the page to itself. */
  function paper(e) {
    var chain = [], back = [255, 255, 255];
    for (; e; e = e.parentElement) { chain.unshift(e); }
    chain.forEach(function (x) {
      var style = getComputedStyle(x);
      if (style.backgroundImage !== "none") {
        throw new Error("image behind text: " + x.className);
      }
      back = over(rgba(style.backgroundColor), back);
    });
    return back;
  }
  /* A fill as a colour; of a hatching, what lies under its lines. */
  function filled(e) {
    var style = getComputedStyle(e), fill = style.fill;
    if (fill === "none") { return null; }
    if (fill.startsWith("url(")) {
      var id = fill.match(/#([^")]*)/)[1];
      return filled(document.getElementById(id).querySelector("rect"));
    }
    var colour = rgba(fill);
    colour.a *= parseFloat(style.fillOpacity) * parseFloat(style.opacity);
    return colour;
  }
  /* What is painted under the middle of a text of a figure. */
  function under(text) {
    var svg = text.ownerSVGElement, back = paper(svg);
    var r = text.getBoundingClientRect(), at = svg.createSVGPoint();
    at.x = r.left + r.width / 2;
    at.y = r.top + r.height / 2;
    svg.querySelectorAll("path, rect").forEach(function (e) {
      if (!(e.compareDocumentPosition(text) & 4) || e.closest("defs")) {
        return;
      }
      var colour = filled(e);
      if (colour && colour.a && e.isPointInFill(
          at.matrixTransform(e.getScreenCTM().inverse()))) {
        back = over(colour, back);
      }
    });
    return back;
  }
  function texts() {
    var found = [], walk = document.createTreeWalker(document.body, 4);
    while (walk.nextNode()) {
      var e = walk.currentNode.parentElement;
      if (walk.currentNode.data.trim() && shown(e)
          && !e.closest("script, style, title, desc, .skip")) {
        found.push(e);
      }
    }
    return Array.from(new Set(found));
  }
  function contrast(least) {
    return texts().map(function (e) {
      var svg = e.ownerSVGElement;
      var colour = svg ? filled(e) : rgba(getComputedStyle(e).color);
      var back = svg ? under(e) : paper(e);
      var r = ratio(over(colour, back), back);
      return r < least ? r.toFixed(2) + " " + e.textContent.slice(0, 40) : "";
    }).filter(Boolean);
  }
  /* Texts of a figure that cover each other or leave its frame. */
  function boxes() {
    var wrong = [];
    document.querySelectorAll(".panel svg").forEach(function (svg) {
      var frame = svg.getBoundingClientRect();
      var name = svg.querySelector("title").textContent + ": ";
      var all = Array.from(svg.querySelectorAll("text")).map(function (t) {
        return { r: t.getBoundingClientRect(), s: t.textContent };
      });
      all.forEach(function (a, i) {
        if (a.r.left < frame.left - 1 || a.r.right > frame.right + 1
            || a.r.top < frame.top - 1 || a.r.bottom > frame.bottom + 1) {
          wrong.push(name + a.s + " is cut");
        }
        all.slice(i + 1).forEach(function (b) {
          var w = Math.min(a.r.right, b.r.right)
            - Math.max(a.r.left, b.r.left);
          var h = Math.min(a.r.bottom, b.r.bottom)
            - Math.max(a.r.top, b.r.top);
          if (w > 1 && h > 3) { wrong.push(name + a.s + " | " + b.s); }
        });
      });
    });
    return wrong;
  }
  /* Texts that are smaller than so many pixels, as they are shown. */
  function small(least) {
    return Array.from(new Set(texts().map(function (e) {
      var scale = e.ownerSVGElement ? Math.hypot(e.getScreenCTM().a,
        e.getScreenCTM().b) : 1;
      var px = parseFloat(getComputedStyle(e).fontSize) * scale;
      return px < least ? px.toFixed(1) + " " + e.textContent.slice(0, 30)
        : "";
    }).filter(Boolean)));
  }
  function stops() {
    var wrong = [];
    document.querySelectorAll(".scroll, .panel, pre").forEach(function (b) {
      if (!shown(b)) { return; }
      var scrolls = b.scrollWidth > b.clientWidth + 1;
      if (scrolls !== (b.tabIndex === 0)) {
        wrong.push(b.className + (scrolls ? " scrolls and is no stop"
          : " is a stop and does not scroll"));
      }
      if (scrolls && !b.getAttribute("aria-label")) {
        wrong.push(b.className + " has no name");
      }
    });
    document.querySelectorAll("[tabindex]").forEach(function (e) {
      if (!e.matches(".scroll, .panel, pre")) { wrong.push(e.outerHTML); }
    });
    return wrong;
  }
  /* Steps through the values of each figure; what cannot be reached. */
  function values() {
    var wrong = [];
    document.querySelectorAll("figure").forEach(function (figure) {
      var titles = figure.querySelectorAll(".tip > title");
      var button = figure.querySelector(".step");
      var seen = [];
      if (!titles.length) { return; }
      titles.forEach(function () {
        button.dispatchEvent(new KeyboardEvent("keydown",
          { key: "ArrowRight", bubbles: true }));
        seen.push(figure.querySelector(".value").textContent);
      });
      var want = Array.from(titles).map(function (t) {
        return t.textContent;
      });
      figure.querySelector(".tip").dispatchEvent(
        new MouseEvent("click", { bubbles: true })); /* a touch */
      seen.push(figure.querySelector(".value").textContent);
      want.push(want[0]);
      if (button.hidden || seen.join("|") !== want.join("|")) {
        wrong.push(figure.id);
      }
    });
    return wrong;
  }
  function open() {
    document.querySelectorAll("details").forEach(function (d) {
      d.open = true;
    });
    return document.querySelectorAll("details").length;
  }
  return { boxes: boxes, contrast: contrast, open: open, small: small,
           stops: stops, values: values };
})();
