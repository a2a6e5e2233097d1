/** A cart has lines of `{ name, cents, quantity }`. */
export function addLine(cart, name, cents, quantity = 1) {
  return { ...cart, lines: [...cart.lines, { name, cents, quantity }] };
}

/** What the cart costs, in cents. */
export function total(cart) {
  let sum = 0;
  for (const line of cart.lines) sum += line.cents * line.quantity;
  return sum;
}
