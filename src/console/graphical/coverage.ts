import type { Area } from '../../protocols/rfb/index.ts';

/** Which pixels of a picture have come since it was asked for: a server may send one picture in many updates. */
export interface Coverage {
  add(area: Area): void;
  readonly complete: boolean;
}

export function createCoverage(width: number, height: number): Coverage {
  let seen: Uint8Array | undefined;
  let missing = width * height;
  return {
    add: (area) => {
      if (missing === 0) return;
      if (area.width === width && area.height === height) {
        missing = 0;
        return;
      }
      seen ??= new Uint8Array(width * height);
      for (let row = area.y; row < area.y + area.height; row += 1) {
        for (let at = row * width + area.x, end = at + area.width; at < end; at += 1) {
          if (seen[at] === 0) {
            seen[at] = 1;
            missing -= 1;
          }
        }
      }
    },
    get complete() {
      return missing === 0;
    },
  };
}
