/** Lets a text field grow with its text where CSS field-sizing is missing. `text` makes it run again on each change. */
export function growing(text: () => string): (node: HTMLTextAreaElement) => void {
  return (node) => {
    text();
    if (CSS.supports('field-sizing', 'content')) return;
    node.style.height = 'auto';
    node.style.height = `${node.scrollHeight}px`;
  };
}
