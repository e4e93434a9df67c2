/** The runs that were chosen, over pages: at most ten can be compared. */
export const MOST_COMPARED = 10;

class Chosen {
  names = $state.raw<readonly string[]>([]);

  toggle(name: string): void {
    this.names = this.names.includes(name) ? this.names.filter((one) => one !== name) : [...this.names, name];
  }

  drop(name: string): void {
    this.names = this.names.filter((one) => one !== name);
  }

  clear(): void {
    this.names = [];
  }
}

export const chosen = new Chosen();
