/** What remains of an amount in cents after `percent` (0 to 100) off, in whole cents. */
export function percentOff(cents, percent) {
  return cents - cents * percent;
}
