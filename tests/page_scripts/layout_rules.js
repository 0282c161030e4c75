// What must hold on every page, at every size; each rule answers with what breaks it, in words.
globalThis.layoutRules = (() => {
  const INTERACTIVE =
    'a[href], button, input:not([type="hidden"]), select, textarea, summary, [role="button"], [role="switch"], [role="option"], [tabindex="0"]';
  const MAP = ".leaflet-container";
  const TOUCH = 44; // CSS pixels, WCAG 2.5.5

  /** Where people can be now: the dialog that lies over everything else, or the page. */
  function here() {
    const dialogs = [...document.querySelectorAll("dialog[open]")];
    return dialogs.at(-1) ?? document.body;
  }

  function seen(element) {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }

  function named(element) {
    const words = (element.getAttribute("aria-label") ?? element.innerText ?? "").trim().replaceAll(/\s+/g, " ").slice(0, 40);
    const id = element.id ? `#${element.id}` : "";
    return `<${element.localName}${id} class="${element.getAttribute("class") ?? ""}"> ${words}`;
  }

  function interactive() {
    return [...here().querySelectorAll(INTERACTIVE)].filter((element) => seen(element) && !element.closest("[inert]"));
  }

  function isInline(element) {
    return getComputedStyle(element).display === "inline";
  }

  /** What takes the touch: a control in its label is as large as the label. */
  function box(element) {
    const label = element.matches("input[type=checkbox], input[type=radio], input[type=file]") ? element.closest("label") ?? element.labels?.[0] : null;
    return (label ?? element).getBoundingClientRect();
  }

  return {
    /** The page is never wider than the screen, nor is a part that scrolls, unless it can be scrolled with the keyboard. */
    overflow() {
      const found = [];
      const { scrollWidth } = document.documentElement;
      if (scrollWidth > innerWidth) found.push(`the page is ${scrollWidth} px wide on a screen of ${innerWidth}`);
      for (const element of here().querySelectorAll("*")) {
        if (element.closest(MAP) || !seen(element) || element.scrollWidth <= element.clientWidth + 1 || element.clientWidth === 0) continue;
        const { overflowX, textOverflow } = getComputedStyle(element);
        if (overflowX === "visible" || textOverflow === "ellipsis" || element.tabIndex >= 0) continue;
        found.push(`${named(element)} hides ${element.scrollWidth - element.clientWidth} px`);
      }
      return found;
    },

    /** What is written on a button or a tag is all there. */
    clipped() {
      return [...here().querySelectorAll("button, .button, .tag, summary, select")]
        .filter((element) => seen(element) && !isInline(element) && !element.closest(MAP))
        .filter((element) => element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)
        .map((element) => `${named(element)} needs ${element.scrollWidth} × ${element.scrollHeight}, has ${element.clientWidth} × ${element.clientHeight}`);
    },

    /** What can be used can be reached, once it is scrolled to: nothing lies over its middle. */
    covered() {
      const found = [];
      for (const element of interactive()) {
        if (element.closest(MAP) || isInline(element) || element.disabled) continue;
        element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
        const { left, top, width, height } = box(element);
        const over = document.elementFromPoint(left + width / 2, top + height / 2);
        if (over === null || element.contains(over) || over.contains(element) || over.closest("label")?.control === element) continue;
        found.push(`${named(element)} lies under ${named(over)}`);
      }
      return found;
    },

    /** A thumb hits it: 44 × 44 px, but for links within a sentence and what a map must print. */
    small() {
      return interactive()
        .filter((element) => !isInline(element) && !element.closest(".leaflet-control-attribution"))
        .map((element) => [element, box(element)])
        .filter(([, { width, height }]) => width < TOUCH - 0.5 || height < TOUCH - 0.5)
        .map(([element, { width, height }]) => `${named(element)} is ${Math.round(width)} × ${Math.round(height)}`);
    },
  };
})();
