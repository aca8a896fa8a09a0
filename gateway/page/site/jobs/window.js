/**
 * The rows of a long list that are drawn: those in sight and some around. What is left out keeps its room, by a margin
 * of the next row that is drawn. The row with the focus is always drawn.
 */

const AROUND = 900; // px
const GUESSED = 96; // px, until one was seen

export class Window {
  #heights = new Map();
  #guess = GUESSED;
  #from = 0;
  #to = 30;
  #width = 0;

  /** The job whose row is drawn wherever it is; null: none. */
  pinned = null;

  /** @returns {{rows: {id: string, index: number, gap: number}[], below: number}} what to draw of these, in pixels */
  of(ids) {
    const rows = [];
    let gap = 0;
    for (let index = 0; index < ids.length; index += 1) {
      const id = ids[index];
      if ((index >= this.#from && index < this.#to) || id === this.pinned) {
        rows.push({ id, index, gap });
        gap = 0;
      } else {
        gap += this.#height(id);
      }
    }
    return { rows, below: gap };
  }

  /** Look where the list stands in the browser's window. True if other rows are to be drawn now. */
  look(list, ids) {
    if (list.clientWidth !== this.#width) this.#heights.clear();
    this.#width = list.clientWidth;
    for (const row of list.children) this.#heights.set(row.dataset.jobId, row.offsetHeight);
    if (list.children.length) this.#guess = list.children[0].offsetHeight || this.#guess;
    const above = -list.getBoundingClientRect().top;
    const [first, last] = [above - AROUND, above + innerHeight + AROUND];
    let [from, to, height] = [ids.length, ids.length, 0];
    for (let index = 0; index < ids.length; index += 1) {
      height += this.#height(ids[index]);
      if (height >= first && from > index) from = index;
      if (height > last) {
        to = index + 1;
        break;
      }
    }
    from = Math.max(0, Math.min(from, to - 1));
    const changes = from !== this.#from || to !== this.#to;
    [this.#from, this.#to] = [from, to];
    return changes;
  }

  /** True if the last of so many rows is drawn. */
  reaches(many) {
    return this.#to >= many;
  }

  #height(id) {
    return this.#heights.get(id) ?? this.#guess;
  }
}
