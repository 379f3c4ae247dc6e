// The order of the channels on the page.
import { type Picture, statistic } from "./picture";
import type { OrderKey } from "./settings";

/**
 * Channel numbers in the order asked for. Equal channels stay in the order of their numbers; channels whose statistic
 * is no number come last, whichever way the order runs.
 */
export function orderOf(picture: Picture, key: OrderKey, descending: boolean): Uint32Array {
  const order = Uint32Array.from({ length: picture.channels }, (_, i) => i);
  if (key === "index") return descending ? order.reverse() : order;
  const side = descending ? -1 : 1;
  return order.sort((i, j) => {
    const [a, b] = [statistic(picture, key, i), statistic(picture, key, j)];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || i - j;
    return a === b ? i - j : a < b ? -side : side;
  });
}

/** Where each channel is in an order: the inverse permutation. */
export function placesOf(order: Uint32Array): Uint32Array {
  const places = new Uint32Array(order.length);
  for (let place = 0; place < order.length; place++) places[order[place]!] = place;
  return places;
}
