// Every number on the page becomes 00: the third of a month is as wide as the thirteenth, ten seconds as two.
() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode: text } = texts;
    const same = text.data.replaceAll(/\d+/g, "00");
    if (same !== text.data) text.data = same;
  }
}
