/** Distance from the end, in pixels, within which the person counts as reading the end. */
const nearEnd = 48;

/**
 * Keeps the end of a scrolling thread in view while the person reads there. Whoever scrolled up is left alone: growing
 * text never moves what is being read.
 */
export class FollowEnd {
  near = $state(true);
  #scroller: HTMLElement | undefined;
  #follow = true;

  /** Attachment for the scrolling element; its first child is what grows. */
  readonly watch = (scroller: HTMLElement): (() => void) => {
    this.#scroller = scroller;
    let last = scroller.scrollTop;
    const look = (): void => {
      const near = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < nearEnd;
      // Only a person goes up. The end also gets away by itself: older messages are drawn, others take their real height.
      if (near) this.#follow = true;
      else if (scroller.scrollTop < last) this.#follow = false;
      last = scroller.scrollTop;
      this.near = near || this.#follow;
    };
    const grown = new ResizeObserver(() => {
      if (this.#follow) this.#jump();
      else this.near = false;
    });
    if (scroller.firstElementChild) grown.observe(scroller.firstElementChild);
    grown.observe(scroller);
    scroller.addEventListener('scroll', look, { passive: true });
    this.#jump();
    return () => {
      grown.disconnect();
      scroller.removeEventListener('scroll', look);
    };
  };

  /** Goes to the end and follows it again. */
  go(): void {
    this.#follow = true;
    this.#jump();
  }

  #jump(): void {
    if (this.#scroller) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }
}
