// Numbers for names: the same number for the same name for as long as it is remembered, never a number twice.
// Whoever remembers an entry can keep a description beside it.

export interface IdEntry<Description> {
  readonly id: number;
  readonly name: string;
  description: Description;
}

export class IdBook<Description> {
  readonly #byName = new Map<string, IdEntry<Description>>();
  readonly #byId = new Map<number, IdEntry<Description>>();
  /** 0 stands for no id in the metrics directory. */
  #nextId = 1;

  get size(): number {
    return this.#byId.size;
  }

  /** The entry of a name, new when it is not known; its description becomes this one. */
  enter(name: string, description: Description): IdEntry<Description> {
    const known = this.#byName.get(name);
    if (known !== undefined) {
      known.description = description;
      return known;
    }
    const entry = { id: this.#nextId++, name, description };
    this.#byName.set(name, entry);
    this.#byId.set(entry.id, entry);
    return entry;
  }

  byName(name: string): IdEntry<Description> | null {
    return this.#byName.get(name) ?? null;
  }

  byId(id: number): IdEntry<Description> | null {
    return this.#byId.get(id) ?? null;
  }

  entries(): Iterable<IdEntry<Description>> {
    return this.#byId.values();
  }

  /** After this the name, should it come back, gets another number. */
  forget(entry: IdEntry<Description>): void {
    this.#byName.delete(entry.name);
    this.#byId.delete(entry.id);
  }
}
