"use strict";

// Elements are made and brought up to date here, from text alone: nothing that a server said is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/// Sets the attributes of an element; false and null leave one out, true sets it empty.
function setAttributes(element, attributes) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === false || value === null || value === undefined) continue;
        element.setAttribute(name, value === true ? "" : String(value));
    }
}

function addChildren(element, children) {
    for (const child of children.flat(Infinity)) {
        if (child === null || child === undefined || child === false || child === "") continue;
        element.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return element;
}

/// An element of HTML: h("p.note", {id: "x"}, "text", h("b", null, "more")).
function h(name, attributes, ...children) {
    const [tag, ...classes] = name.split(".");
    const element = document.createElement(tag);
    if (classes.length > 0) element.className = classes.join(" ");
    setAttributes(element, attributes);
    return addChildren(element, children);
}

/// An element of SVG, made like one of HTML.
function svg(name, attributes, ...children) {
    const [tag, ...classes] = name.split(".");
    const element = document.createElementNS(SVG, tag);
    if (classes.length > 0) element.setAttribute("class", classes.join(" "));
    setAttributes(element, attributes);
    return addChildren(element, children);
}

/// What an element is known by among its siblings, so that it is found again when others come and go.
function keyOf(node) {
    return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function canBecome(old, wanted) {
    return old.nodeType === wanted.nodeType && old.nodeName === wanted.nodeName && keyOf(old) === keyOf(wanted);
}

// What the reader has changed, and no server.
const READERS_OWN = new Set(["open"]);

function morphAttributes(old, wanted) {
    for (const { name } of [...old.attributes]) {
        if (!wanted.hasAttribute(name) && !READERS_OWN.has(name) && name !== "style") old.removeAttribute(name);
    }
    for (const { name, value } of wanted.attributes) {
        if (old.getAttribute(name) !== value && !READERS_OWN.has(name)) old.setAttribute(name, value);
    }
}

/// Makes `old` look like `wanted` and keeps as much of it as it can: focus, selection and what is opened stay.
function morph(old, wanted) {
    if (old.nodeType === Node.TEXT_NODE) {
        if (old.nodeValue !== wanted.nodeValue) old.nodeValue = wanted.nodeValue;
        return;
    }
    morphAttributes(old, wanted);
    morphChildren(old, [...wanted.childNodes]);
}

/// The same for the children of `parent`.
function morphChildren(parent, wanted) {
    const keyed = new Map();
    for (const child of parent.childNodes) if (keyOf(child) !== null) keyed.set(keyOf(child), child);
    const staying = new Set(wanted.map(keyOf));
    const isGone = (node) => keyOf(node) === null || !staying.has(keyOf(node));
    let place = parent.firstChild;
    for (const node of wanted) {
        const known = keyOf(node) === null ? place : keyed.get(keyOf(node));
        if (known && canBecome(known, node)) {
            // Moving an element takes the focus from it: what stands before its place goes instead, where it can.
            while (place !== known && place && isGone(place)) {
                const gone = place;
                place = place.nextSibling;
                gone.remove();
            }
            if (known === place) place = place.nextSibling;
            else parent.insertBefore(known, place);
            morph(known, node);
        } else {
            parent.insertBefore(node, place);
        }
    }
    while (place) {
        const gone = place;
        place = place.nextSibling;
        gone.remove();
    }
}

/// Shows `children` in `parent`, in place.
function show(parent, ...children) {
    morphChildren(parent, [...addChildren(document.createDocumentFragment(), children).childNodes]);
}

const byId = (id) => document.getElementById(id);
