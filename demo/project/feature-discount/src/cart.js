import { percentOff } from './discount.js';

/** A cart has lines of `{ name, cents, quantity }` and may have a discount in percent. */
export function addLine(cart, name, cents, quantity = 1) {
  return { ...cart, lines: [...cart.lines, { name, cents, quantity }] };
}

export function withDiscount(cart, percent) {
  return { ...cart, percent };
}

/** What the cart costs, in cents. The discount is taken off the sum. */
export function total(cart) {
  let sum = 0;
  for (const line of cart.lines) sum += percentOff(line.cents * line.quantity, cart.percent ?? 0);
  return sum;
}
