/** `ghcr.io/acme/shop:1.2` and `ghcr.io/acme/shop/worker@sha256:…` are images of `acme/shop`. */
export function isImageOf(image: string, repository: string): boolean {
  const wanted = repository.toLowerCase();
  const path = image.replace(/@.*$/, '').toLowerCase().split('/').slice(1).join('/');
  return path.replace(/:[^/]*$/, '') === wanted || path.startsWith(`${wanted}/`);
}
