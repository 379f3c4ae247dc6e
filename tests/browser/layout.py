"""What is wrong with the layout of a part of the page, as a list of sentences; the browser itself is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

_FAULTS = """
(root) => {
    const faults = [];
    const all = [root, ...root.querySelectorAll("*")];
    const nameOf = (element) => `${element.tagName.toLowerCase()}.${[...element.classList].join(".")}`;
    const visible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

    if (root.scrollWidth > root.clientWidth)
        faults.push(`${nameOf(root)} is ${root.clientWidth} px wide, its content ${root.scrollWidth} px`);

    // Where each line of text can be seen: what its ancestors cut off is not there.
    const lines = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const text = node.data.trim();
        const parent = node.parentElement;
        if (!text || !visible(parent) || parent.closest(".iv-unseen, option, [popover]")) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const whole of range.getClientRects()) {
            let { left, right, top, bottom } = whole;
            let mayBeCut = false;
            for (let box = parent; box && root.contains(box); box = box.parentElement) {
                const style = getComputedStyle(box);
                if (style.overflowX === "visible" && style.overflowY === "visible") continue;
                const { left: l, right: r, top: t, bottom: b } = box.getBoundingClientRect();
                // Text that ends in dots says that it was cut; text in what scrolls can be reached.
                mayBeCut ||= style.textOverflow === "ellipsis" || /auto|scroll/.test(style.overflowX);
                [left, right] = [Math.max(left, l), Math.min(right, r)];
                [top, bottom] = [Math.max(top, t), Math.min(bottom, b)];
            }
            if (bottom - top < whole.height / 2) continue; // scrolled away
            if (!mayBeCut && right - left < whole.width - 1) faults.push(`cut off: "${text}" in ${nameOf(parent)}`);
            if (right > left) lines.push({ node, text, parent, left, right, top, bottom });
        }
    }
    for (const [i, a] of lines.entries())
        for (const b of lines.slice(i + 1)) {
            if (a.node === b.node) continue; // text cut with dots has a rectangle with and one without them
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            // Lines of text reach a little into each other's line spacing.
            if (wide > 2 && high > 6) faults.push(`"${a.text}" lies over "${b.text}" in ${nameOf(b.parent)}`);
        }

    // Controls reach into no other control.
    const controls = all.filter((element) => element.matches("button, select, input") && visible(element));
    const scrolls = (element) => {
        for (let box = element.parentElement; box && root.contains(box); box = box.parentElement)
            if (/auto|scroll/.test(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth) return true;
        return false;
    };
    for (const control of controls) {
        const { left, right, width } = control.getBoundingClientRect();
        const outer = root.getBoundingClientRect();
        if (width > 0 && !scrolls(control) && (left < outer.left - 1 || right > outer.right + 1))
            faults.push(`${nameOf(control)} reaches out of the page`);
    }
    return faults;
}
"""


def faults(part: Locator) -> list[str]:
    """What is wrong with a part: too wide, text cut off without dots, text over text, controls that reach out.

    Returns:
        A sentence for each fault; empty when all is well.
    """
    return part.evaluate(_FAULTS)
