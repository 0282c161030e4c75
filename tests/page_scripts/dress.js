// Bars for letters, and nothing that moves or blinks; `font` is block_font's file in base64.
async (font) => {
  const bytes = Uint8Array.from(atob(font), (letter) => letter.charCodeAt(0));
  const face = new FontFace("Blocks", bytes.buffer, { weight: "1 1000" });
  document.fonts.add(await face.load());
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`*, *::before, *::after {
    --font: Blocks !important;
    font-family: Blocks !important;
    text-rendering: geometricPrecision !important;
    transition: none !important;
    animation: none !important;
    caret-color: transparent !important;
  }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  for (const element of document.querySelectorAll("*")) element.scrollTop = 0;
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn())));
}
